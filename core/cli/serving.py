"""Runs the web process as a child: starts it, tells how far it is, passes signals on, ends it."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from core.errors import Unavailable, UserError
from core.services.embedded import end
from core.settings import Settings, child_environment

ADDRESS = "127.0.0.1"
REPOSITORY = Path(__file__).resolve().parents[2]
POLL_SECONDS = 0.25
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOP_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Health:
    """What `/healthz` said; status 0 when nobody answered yet."""

    status: int
    state: str = ""
    text: str = ""

    @property
    def ready(self) -> bool:
        """Whether the product serves."""
        return self.status == 200


def ask_health(port: int) -> Health:
    """Ask the web process how it is."""
    connection = http.client.HTTPConnection(ADDRESS, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        body = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError):
        return Health(status=0)
    finally:
        connection.close()
    text = str(body.get("progress") or body.get("reason") or "")
    return Health(status=answer.status, state=str(body.get("status", "")), text=text)


def require_free(port: int) -> None:
    """Refuse a port that can't be listened on.

    Raises
    ------
    UserError
        When the number is no port.
    Unavailable
        When something listens there already.
    """
    if not 0 < port < 65536:
        raise UserError(f"PORT must be between 1 and 65535, got {port}. Correct or unset it.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError as error:
            raise Unavailable(
                f"Port {port} can't be used ({error.strerror}). Stop what listens there, or take another port: "
                f"PORT={port + 1} make run"
            ) from error


def web_command(port: int, parent: int) -> tuple[str, ...]:
    """Return the command of the web process; it ends when the process `parent` is gone."""
    options = {
        "server.address": ADDRESS,
        "server.port": str(port),
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "client.showErrorDetails": "none",
    }
    flags = [f"--{key}={value}" for key, value in options.items()]
    return (sys.executable, "-m", "streamlit", "run", "app.py", *flags, "--", "--parent", str(parent))


class Serving:
    """One run of the workbench, from start to stop."""

    def __init__(self, settings: Settings, say: Callable[[str], None], command: tuple[str, ...] | None = None) -> None:
        self._settings = settings
        self._say = say
        self._command = command
        self._stop = threading.Event()
        self._told = ""

    def run(self, when_ready: Callable[[str], None]) -> None:
        """Serve until a signal asks to stop; `when_ready` gets the address once.

        Raises
        ------
        Unavailable
            When the port is in use, or the web process can't serve or ends by itself.
        """
        require_free(self._settings.port)
        previous = {number: signal.signal(number, self._on_signal) for number in STOP_SIGNALS}
        child = self._start()
        try:
            self._wait_until_ready(child, when_ready)
            self._wait_until_stopped(child)
        finally:
            end(child, STOP_SECONDS)
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stop.set()

    def _start(self) -> subprocess.Popen[bytes]:
        self._say(f"Starting Tandem; its data is in {self._settings.home}")
        return subprocess.Popen(
            self._command or web_command(self._settings.port, os.getpid()),
            cwd=REPOSITORY,
            env=child_environment(self._settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _wait_until_ready(self, child: subprocess.Popen[bytes], when_ready: Callable[[str], None]) -> None:
        while not self._stop.wait(POLL_SECONDS):
            _require_alive(child)
            health = ask_health(self._settings.port)
            if health.ready:
                when_ready(f"http://{ADDRESS}:{self._settings.port}")
                return
            if health.state == "unavailable":
                raise Unavailable(health.text)
            self._tell(health.text)

    def _wait_until_stopped(self, child: subprocess.Popen[bytes]) -> None:
        while not self._stop.wait(POLL_SECONDS):
            _require_alive(child)
        self._say("Stopping Tandem")

    def _tell(self, text: str) -> None:
        if text and text != self._told:
            self._told = text
            self._say(f"  {text}")


def _require_alive(child: subprocess.Popen[bytes]) -> None:
    code = child.poll()
    if code is None:
        return
    how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
    raise Unavailable(f"The web process {how}. What it said is above; nothing that was saved is lost. Start it again.")
