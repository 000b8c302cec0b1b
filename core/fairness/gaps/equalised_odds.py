"""Equalised odds: whether all groups have equally many finds and false alarms."""

import numpy as np

from core.contracts import GapMetric, RateName
from core.fairness.gaps.base import ordered_pairs, smallest_over_largest, widest
from core.fairness.intervals import Array


class EqualisedOdds:
    """The larger of two gaps, of true positive rates and of false positive rates; 0 is best.

    As Fairlearn has it; other libraries sum or average the two.

    Source
    ------
    Hardt, Price and Srebro, Equality of Opportunity in Supervised Learning, NeurIPS 2016.
    """

    name: GapMetric = "equalised_odds"
    title = "Equalised odds: the larger of the gaps of positives found and of false alarms"
    rates: tuple[RateName, ...] = ("true_positive_rate", "false_positive_rate")

    def value(self, rates: Array) -> Array:
        """Return the larger of the two differences."""
        return np.asarray(widest(rates).max(axis=-1))

    def contrasts(self, rates: Array) -> Array:
        """Return the differences of each two groups in both rates, both ways round."""
        return np.concatenate([ordered_pairs(rates[..., 0, :]), ordered_pairs(rates[..., 1, :])], axis=-1)

    def ratio(self, rates: Array) -> Array | None:
        """Return the smaller of the two ratios."""
        return np.asarray(smallest_over_largest(rates).min(axis=-1))

    def decisive(self, rates: Array) -> int:
        """Return 0 where the true positive rates are farther apart, else 1."""
        return int(widest(rates).argmax())
