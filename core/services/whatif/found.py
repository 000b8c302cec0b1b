"""What a search for counterfactuals came to, before the model has answered it as it answers any case."""

from dataclasses import dataclass

from core.contracts import Change, Edit


@dataclass(frozen=True, slots=True)
class Found:
    """One changed case, as edits."""

    edits: tuple[Edit, ...]
    changes: tuple[Change, ...]
    distance: float
    """As in `core.contracts.Counterfactual`."""
    plausibility: float | None = None
    family: int = 0
    """Of those with the same number, which vary one counterfactual, the first that holds is told."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one search found, best first."""

    found: tuple[Found, ...]
    tried: int
    words: str
    """Why nothing was found, in a sentence."""

    def after(self, earlier: "Outcome") -> "Outcome":
        """Return this outcome with what an earlier search tried, and said, before it."""
        words = f"{earlier.words} {self.words}".strip()
        return Outcome(self.found, self.tried + earlier.tried, words)
