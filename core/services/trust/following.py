"""How far a quality report is, in words and seconds; and how it is stopped in the middle."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from core.contracts import Progress, ProgressReporter
from core.errors import TandemError

LOOK_SECONDS = 0.5
"""How often the reporter is asked whether to go on, while one case takes long."""


@dataclass(slots=True)
class Following:
    """Tells a reporter how far the work is, and takes from it that somebody wants it to stop."""

    reporter: ProgressReporter
    total: int
    """Cases to explain, over all methods."""
    weight: float
    """Expected seconds of all of them, on any scale."""
    begun: float = field(default_factory=time.monotonic)
    done: int = 0
    passed: float = 0.0
    last: Progress = field(default_factory=Progress)
    looked: float = 0.0
    stop: TandemError | None = None
    """What the reporter raised when it wanted the work to stop."""

    def stage(self, title: str, expected: float) -> Callable[[int, int], None]:
        """Return what is told (cases done, cases) of one method, which takes `expected` of the weight for a case."""

        def told(done: int, cases: int) -> None:
            self.done += 1
            self.passed += expected
            self.report(Progress(title, self.done, self.total, f"case {done} of {cases}", seconds_left=self._left()))

        self.report(Progress(title, self.done, self.total, "begins", seconds_left=self._left()))
        return told

    def skip(self, cases: int, expected: float) -> None:
        """Note that cases will not be looked at after all."""
        self.done += cases
        self.passed += cases * expected

    def report(self, progress: Progress) -> None:
        """Report, and remember it. Raises what the reporter raises: `Cancelled`, `Interrupted`, `Conflict`."""
        self.last, self.looked = progress, time.monotonic()
        self.reporter.report(progress)

    def cancelled(self) -> bool:
        """Return whether to stop; asked before every forward pass."""
        if self.stop is None and time.monotonic() - self.looked > LOOK_SECONDS:
            try:
                self.report(self.last)
            except TandemError as error:
                self.stop = error
        return self.stop is not None

    def _left(self) -> float | None:
        if self.passed <= 0:
            return None
        elapsed = time.monotonic() - self.begun
        return max(0.0, elapsed / self.passed * (self.weight - self.passed))
