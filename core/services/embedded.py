"""The worker that the web process keeps running beside itself."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from core.settings import Settings, child_environment

REPOSITORY = Path(__file__).resolve().parents[2]
FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 30.0
HEALTHY_SECONDS = 60.0
"""A worker that lived this long is started again at once when it dies; younger ones wait longer each time."""
GRACE_SECONDS = 10.0
POLL_SECONDS = 0.2


def worker_command() -> tuple[str, ...]:
    """Return the command of a worker that ends by itself when this process is gone."""
    return (sys.executable, "-m", "core", "worker", "--parent", str(os.getpid()))


class EmbeddedWorker:
    """Runs one worker as a child process and starts it again when it dies. All methods are thread-safe.

    The child gets the settings by its environment and a session of its own, so that a Ctrl-C in the terminal
    reaches it in order, through `stop`, and not in the middle of a step.
    """

    def __init__(
        self, settings: Settings, command: Sequence[str] | None = None, grace_seconds: float = GRACE_SECONDS
    ) -> None:
        self._settings = settings
        self._grace_seconds = grace_seconds
        self._command = tuple(command) if command else worker_command()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._restarts = 0

    @property
    def pid(self) -> int | None:
        """Process id of the running worker, or None."""
        child = self._child
        return child.pid if child is not None and child.poll() is None else None

    @property
    def restarts(self) -> int:
        """How often the worker had to be started again."""
        return self._restarts

    def start(self) -> None:
        """Start the worker; does nothing when it has been started already."""
        with self._lock:
            if self._thread is not None:
                return
            self._stopping.clear()
            self._thread = threading.Thread(target=self._keep_running, name="embedded-worker", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the worker: ask it, and after the grace kill it. Returns when it is gone."""
        with self._lock:
            thread, self._thread = self._thread, None
            self._stopping.set()
            if thread is not None:
                thread.join()

    def _keep_running(self) -> None:
        delay = FIRST_DELAY_SECONDS
        while not self._stopping.is_set():
            started = time.monotonic()
            self._run_once()
            if time.monotonic() - started >= HEALTHY_SECONDS:
                delay = FIRST_DELAY_SECONDS
            if self._stopping.wait(delay):
                return
            delay = min(2 * delay, LONGEST_DELAY_SECONDS)
            self._restarts += 1

    def _run_once(self) -> None:
        child = subprocess.Popen(
            self._command,
            cwd=REPOSITORY,
            env=child_environment(self._settings),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._child = child
        while child.poll() is None:
            if self._stopping.wait(POLL_SECONDS):
                end(child, self._grace_seconds)


def end(child: subprocess.Popen[bytes], grace_seconds: float) -> None:
    """Ask `child` to end, kill it by its own id when it has not after `grace_seconds`, and wait for it."""
    child.terminate()
    try:
        child.wait(grace_seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
