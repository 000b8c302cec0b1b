"""Worst group: how often the answer is wrong where it is wrong most often."""

import numpy as np

from core.contracts import GapMetric, RateName
from core.fairness.intervals import Array


class WorstGroup:
    """The largest error of a group; 0 is best.

    Source
    ------
    Sagawa et al., Distributionally Robust Neural Networks for Group Shifts, ICLR 2020.
    """

    name: GapMetric = "worst_group"
    title = "Worst group: the largest share of wrong answers of a group"
    rates: tuple[RateName, ...] = ("accuracy",)

    def value(self, rates: Array) -> Array:
        """Return one minus the smallest accuracy."""
        accuracy = rates[..., 0, :]
        return np.asarray(1.0 - np.where(np.isnan(accuracy), 1.0, accuracy).min(axis=-1))

    def contrasts(self, rates: Array) -> Array:
        """Return the error of each group."""
        return 1.0 - rates[..., 0, :]

    def ratio(self, rates: Array) -> Array | None:
        """Return None: it is no comparison of two."""
        return None

    def decisive(self, rates: Array) -> int:
        """Return 0: there is one rate."""
        return 0
