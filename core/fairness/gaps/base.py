"""What a gap is: a figure of the rates of groups."""

from typing import Protocol

import numpy as np

from core.contracts import GapMetric, RateName
from core.fairness.intervals import Array, divided


class GapMeasure(Protocol):
    """A gap between groups; 0 is best (for the worst group: no errors), 1 worst."""

    name: GapMetric
    title: str
    rates: tuple[RateName, ...]
    """The rates that it compares."""

    def value(self, rates: Array) -> Array:
        """Return the gap of rates [..., rates, groups] as [...]; groups whose rate is not-a-number are left out."""

    def contrasts(self, rates: Array) -> Array:
        """Return the comparisons whose largest is the gap, [..., comparisons]; not-a-number where one has no cases."""

    def ratio(self, rates: Array) -> Array | None:
        """Return smallest over largest rate, 1 is best; not-a-number where the largest is 0. None where it has none."""

    def decisive(self, rates: Array) -> int:
        """Return which of its rates [rates, groups] made the gap."""


def widest(rates: Array) -> Array:
    """Return largest minus smallest over the last axis, leaving out not-a-number; 0 where nothing is left."""
    missing = np.isnan(rates)
    spread = np.where(missing, -np.inf, rates).max(axis=-1) - np.where(missing, np.inf, rates).min(axis=-1)
    return np.where(missing.all(axis=-1), 0.0, spread)


def ordered_pairs(rates: Array) -> Array:
    """Return each group's rate minus each other group's, of rates [..., groups], as [..., groups x (groups - 1)]."""
    groups = rates.shape[-1]
    differences = rates[..., :, None] - rates[..., None, :]
    return np.asarray(differences[..., ~np.eye(groups, dtype=bool)])


def smallest_over_largest(rates: Array) -> Array:
    """Return smallest over largest over the last axis; not-a-number where the largest is 0 or nothing is there."""
    missing = np.isnan(rates)
    high, low = np.where(missing, -np.inf, rates).max(axis=-1), np.where(missing, np.inf, rates).min(axis=-1)
    return divided(low, np.where(missing.all(axis=-1), 0.0, high))
