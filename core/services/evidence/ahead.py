"""Evidence of the cases that come next, computed while nobody waits for anything."""

import contextlib
import logging
import os
import sys
import threading
from dataclasses import dataclass, field

from core.contracts import Actor
from core.errors import TandemError
from core.services.catalogue import Catalogue
from core.services.evidence.asking import Wishes, asked
from core.services.explaining import Explaining
from core.services.queueing import Queueing

log = logging.getLogger(__name__)
CASES = 3
"""The opened case and the two behind it."""
LONGEST_SECONDS = 20.0
"""A map that would take longer is left for when somebody asks."""
LOW_PRIORITY = 10
"""Niceness of the thread, where the system lets a thread have one."""


@dataclass(slots=True)
class Ahead:
    """One thread that computes the default evidence of an opened case and of the next ones, and reveals nothing.

    It makes way: it begins when no person waits for evidence, stops at the next forward pass when one asks, and begins
    again afterwards. A newly opened case replaces what was still to be done.
    """

    catalogue: Catalogue
    queueing: Queueing
    explaining: Explaining
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _wanted: tuple[str, str, Actor] | None = None
    _busy: bool = False
    _closed: bool = False
    _thread: threading.Thread | None = None

    def after_opening(self, workspace: str, case: str, actor: Actor) -> None:
        """Begin with the case that a person opened."""
        with self._changed:
            if self._closed:
                return
            self._wanted = (workspace, case, actor)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="tandem-ahead", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait until there is nothing left to do; return whether that came in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._wanted is None and not self._busy, seconds)

    def close(self) -> None:
        """Stop, and wait until the thread has ended; the explanation under way must be stopped before."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        if sys.platform == "linux":  # a thread has a priority of its own there alone
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOW_PRIORITY)
        while (job := self._next()) is not None:
            try:
                self._work(*job)
            except TandemError as error:
                log.info("evidence ahead of %s: %s", job[1], error)
            except Exception:
                log.exception("evidence ahead of %s", job[1])
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _next(self) -> tuple[str, str, Actor] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._wanted is not None)
            job, self._wanted = None if self._closed else self._wanted, None
            self._busy = job is not None
            return job

    def _work(self, workspace: str, case: str, actor: Actor) -> None:
        name: str | None = case
        for _ in range(CASES):
            if name is None:
                return
            while not self._computed(workspace, name):
                if self._replaced() or not self.explaining.flights.wait_until_calm():
                    return
            if self._replaced():
                return
            name = self.queueing.next_case(workspace, actor, name)

    def _computed(self, workspace: str, name: str) -> bool:
        """Return whether the case is done: explained, or not to be; false when a person came first."""
        with self.catalogue.runtime.database.read() as tx:
            found, spec, case = self.catalogue.case(tx, workspace, name)
        model, target = self.catalogue.model(found), spec.targets[0].name
        question = asked(self.explaining, model, case, target, Wishes())
        seconds = dict(self.explaining.methods.fits(model, case).seconds)[question.method.name]
        if seconds > LONGEST_SECONDS or not self.explaining.flights.wait_until_calm():
            return True
        return self.explaining.explain_ahead(question)

    def _replaced(self) -> bool:
        with self._changed:
            return self._closed or self._wanted is not None
