"""Runs the real product on a free port, for tests and benchmarks; ends only what it started."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 180.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class NotReady(RuntimeError):
    """The product did not come up."""


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(port: int, path: str, host: str | None = None) -> tuple[int, bytes]:
    """GET `path` from the product; status 0 when nobody answers."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={"Host": host} if host else {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, HTTPException):
        return 0, b""
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class Served:
    """A running product."""

    port: int
    home: Path
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


def environment(home: Path, port: int, **extra: str) -> dict[str, str]:
    """Return the environment of a served product."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TANDEM_")}
    return {**kept, "TANDEM_HOME": str(home), "PORT": str(port), **extra}


@contextmanager
def serving(home: Path, *, demos: str = "decoy-digits", ready: bool = True, **extra: str) -> Iterator[Served]:
    """Run the real product on a free port; waits until `/healthz` is 200, ends it by its own id.

    `extra` are further settings, such as TANDEM_ACTOR: who acts in this process.
    """
    port = free_port()
    log = home.with_name(f"{home.name}-{port}.log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "core", "serve"],
            cwd=ROOT,
            env=environment(home, port, TANDEM_DEMOS=demos, **extra),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            served = Served(port=port, home=home, process=process, log=log)
            if ready:
                wait_until_ready(served)
            yield served
        finally:
            stop(process)


def wait_until_ready(served: Served, seconds: float = READY_SECONDS) -> None:
    """Wait until the product serves; fails with its output when it ends or takes too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and served.process.poll() is None:
        if get(served.port, "/healthz")[0] == 200:
            return
        time.sleep(0.2)
    raise NotReady(f"the product did not come up:\n{served.log.read_text(errors='replace')[-4000:]}")


def stop(process: subprocess.Popen[bytes], seconds: float = 30.0) -> None:
    """Ask `process` to end, kill it by its id when it does not."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
