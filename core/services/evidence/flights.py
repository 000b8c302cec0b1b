"""Work that several sessions want is done once, and work that nobody waits for makes way."""

import os
import threading
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

from explain.errors import Stopped

Value = TypeVar("Value")
Work = Callable[[Callable[[], bool]], Value]
"""Takes what it must ask before every step: when that returns true, it raises `Stopped`."""


class _Flight:
    """Work under way."""

    def __init__(self) -> None:
        self.future: Future[Any] = Future()
        self.waiting = 0
        """Persons who wait for it."""
        self.given_up = False
        """Whether all persons who waited for it have gone."""


class Flights:
    """Does each piece of work once, however many ask for it while it is done.

    Who asks first does it, in the asking thread; the others wait for the same answer or the same error. *Quiet* work
    is what nobody waits for: it stops as soon as a person asks for something else, and goes on when a person asks for
    very same. Work that everybody gave up (`abandon`) stops too.

    Parameters
    ----------
    at_once
        Most pieces of work that persons wait for and that are done at the same time; half the processors, 2 at least.
    """

    def __init__(self, at_once: int | None = None) -> None:
        self._free = at_once or max(2, (os.cpu_count() or 2) // 2)
        self._changed = threading.Condition()
        self._flights: dict[Hashable, _Flight] = {}
        self._waiting = 0
        self._closed = False

    def answer(self, key: Hashable, work: Work[Value], *, quiet: bool = False) -> Value:
        """Return what `work` returns, done now or by whoever does it already.

        Raises
        ------
        Stopped
            When quiet work made way, all who waited gave up, or the process ends. What `work` raises otherwise reaches
            all who wait for it.
        """
        self._enter(quiet)
        try:
            while True:
                flight, leads, late = self._join(key, quiet)
                if leads:
                    return self._lead(key, flight, work, quiet)
                try:
                    return flight.future.result()  # type: ignore[no-any-return]
                except Stopped:
                    if quiet or self._closed or (flight.given_up and not late):
                        raise
        finally:
            self._leave(quiet)

    def abandon(self, key: Hashable) -> bool:
        """Take one person's question back; when nobody else waits for the work, it stops at its next step.

        Returns
        -------
        bool
            Whether somebody waited for such work.
        """
        with self._changed:
            flight = self._flights.get(key)
            if flight is None or not flight.waiting:
                return False
            flight.waiting -= 1
            flight.given_up = flight.waiting == 0
            self._changed.notify_all()
            return True

    def wait_until_calm(self) -> bool:
        """Wait until no person waits for work; return false when the process ends first."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not self._waiting)
            return not self._closed

    def close(self) -> None:
        """Stop all work at its next step."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _enter(self, quiet: bool) -> None:
        with self._changed:
            self._waiting += not quiet

    def _leave(self, quiet: bool) -> None:
        with self._changed:
            self._waiting -= not quiet
            self._changed.notify_all()

    def _join(self, key: Hashable, quiet: bool) -> tuple[_Flight, bool, bool]:
        """Return the work, whether it is to be done here, and whether it was given up before: it is asked anew then."""
        with self._changed:
            leads = key not in self._flights
            flight = self._flights.setdefault(key, _Flight())
            late = flight.given_up
            flight.waiting += not (quiet or late)
            return flight, leads, late

    def _lead(self, key: Hashable, flight: _Flight, work: Work[Value], quiet: bool) -> Value:
        def cancelled() -> bool:
            return self._closed or flight.given_up or (not flight.waiting and self._waiting > 0)

        try:
            with self._slot(cancelled, quiet):
                value = work(cancelled)
        except BaseException as error:
            self._land(key)
            flight.future.set_exception(error)
            raise
        self._land(key)
        flight.future.set_result(value)
        return value

    @contextmanager
    def _slot(self, cancelled: Callable[[], bool], quiet: bool) -> Iterator[None]:
        """Hold one of the slots; quiet work needs none."""
        if quiet:
            yield
            return
        with self._changed:
            self._changed.wait_for(lambda: self._free > 0 or cancelled())
            if cancelled():
                raise Stopped("the work was given up before it began.")
            self._free -= 1
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()

    def _land(self, key: Hashable) -> None:
        with self._changed:
            del self._flights[key]
