"""Which of two trainings is better: by answers to cases with swapped content, and by how many the swap changes."""

from dataclasses import dataclass

from core.learning.swapped import Array, Judged, SwappedValidation

LEAST = 0.01
"""A gain that is worth a new model: of the typical probability (a hundredth of it), or of answers that do not change.
Two trainings that differ by next to nothing can differ by it in every case."""

FEWEST_GROUPS = 5
"""Groups of validation cases from which resampling them tells anything."""


@dataclass(frozen=True, slots=True)
class Comparing:
    """Compares networks on swapped validation cases, at one level of confidence."""

    swapped: SwappedValidation
    margin: float
    """Share of right answers that less reliance may cost."""
    confidence: float = 0.95

    def better(self, one: Judged, other: Judged) -> bool:
        """Return whether `one` answers better, or no worse with less reliance; each with an interval beyond zero.

        With fewer than five groups no interval means anything, and nothing is better.
        """
        if self.swapped.groups < FEWEST_GROUPS:
            return False
        score = self.swapped.difference(one.log_probability, other.log_probability, confidence=self.confidence)
        if score.low > 0 and score.value >= LEAST:
            return True
        reliance = self.swapped.difference(one.changed, other.changed, confidence=self.confidence)
        lost = self.swapped.share(other.right) - self.swapped.share(one.right)
        return reliance.high < 0 and reliance.value <= -LEAST and score.high >= 0 and lost <= self.margin

    def worse(self, one: Judged, other: Judged) -> bool:
        """Return whether `one` gives right answers less often, and is less sure of them, with intervals below zero."""
        score = self.swapped.difference(one.log_probability, other.log_probability, confidence=self.confidence)
        right = self.swapped.difference(one.right, other.right, confidence=self.confidence)
        return self.swapped.groups >= FEWEST_GROUPS and score.high < 0 and right.high < 0

    def words(self, one: Judged, other: Judged) -> str:
        """Return how two networks compare, in plain words; `other` is the champion."""
        gain = self.swapped.difference(one.right, other.right)
        reliance = f" (the champion: {self._percent(other.changed)})"
        return (
            f"{self._percent(one.right)} of answers are right with marked content swapped, the champion's "
            f"{self._percent(other.right)}; difference {_points(gain.value)} points "
            f"[{_points(gain.low)}, {_points(gain.high)}], n={gain.n}. "
            f"The swap changes {self._percent(one.changed)} of its answers{reliance}."
        )

    def _percent(self, values: Array) -> str:
        return f"{self.swapped.share(values):.0%}".replace("%", " %")


def _points(share: float) -> str:
    """Return a difference of shares in whole points with its sign; nothing is +0."""
    return f"{round(100 * share) + 0:+d}"
