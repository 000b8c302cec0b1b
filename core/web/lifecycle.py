"""What starts and stops with the web process: container, demos, worker."""

import os
import signal
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from core.errors import TandemError
from core.services.embedded import EmbeddedWorker

if TYPE_CHECKING:
    from core.services.container import Container

PARENT_POLL_SECONDS = 1.0


def shared_container() -> "Container":
    """Return the process's container, built on first use."""
    from core.services.container import shared_container as shared

    return shared()


class Product:
    """The parts that live as long as the web process. It starts even when the storage can't be used.

    Then `/healthz` says why, and the first request after the cause is gone finds it working.
    """

    def __init__(self, build: "Callable[[], Container]" = shared_container) -> None:
        self._build = build
        self._lock = threading.Lock()
        self._container: Container | None = None
        self._worker: EmbeddedWorker | None = None

    def container(self) -> "Container":
        """Return the container with the demos asked for and the worker running.

        Raises
        ------
        UserError
            When the product can't serve now, with the reason.
        """
        with self._lock:
            if self._container is None:
                container = self._build()
                container.importing.prepare_demos()
                self._worker = EmbeddedWorker(container.settings)
                self._worker.start()
                self._container = container
            return self._container

    @property
    def worker(self) -> EmbeddedWorker | None:
        """The embedded worker, or None before the start."""
        return self._worker

    def start(self) -> None:
        """Start everything; a failure is kept for `/healthz` to tell."""
        try:
            self.container()
        except TandemError:
            return

    def stop(self) -> None:
        """Stop the worker, then close the container."""
        with self._lock:
            container, self._container = self._container, None
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.stop()
        if container is not None:
            container.close()


def parent_in(arguments: Sequence[str]) -> int | None:
    """Return the process id after `--parent`, or None."""
    if "--parent" not in arguments[:-1]:
        return None
    value = arguments[arguments.index("--parent") + 1]
    return int(value) if value.isdigit() else None


def end_with_parent(parent: int | None) -> None:
    """Ask this process to end when its parent is no longer `parent`, so that no server is left behind."""
    if parent is None:
        return

    def watch() -> None:
        pause = threading.Event()
        while os.getppid() == parent:
            pause.wait(PARENT_POLL_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
