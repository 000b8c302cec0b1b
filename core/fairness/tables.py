"""Rates of all groups at once: as they are, in every resample, and with groups shuffled."""

from collections.abc import Sequence

import numpy as np

from core.contracts import RateName
from core.fairness.intervals import Array, Booleans, Integers, divided
from core.fairness.outcomes import Outcomes
from core.fairness.rates import counted


def group_rates(outcomes: Outcomes, rates: Sequence[RateName], codes: Integers, groups: int) -> Array:
    """Return shares [rates, groups] of cases whose group is `codes` [n]; not-a-number without cases."""
    return np.asarray(resampled_rates(outcomes, rates, codes, groups, np.ones((1, len(codes))))[0])


def resampled_rates(
    outcomes: Outcomes, rates: Sequence[RateName], codes: Integers, groups: int, weights: Array
) -> Array:
    """Return shares [draws, rates, groups] with case weights [draws, n]."""
    inside = codes[:, None] == np.arange(groups)  # [n, groups]
    totals = [weights @ (column[:, None] & inside).astype(np.float64) for column in _columns(outcomes, rates)]
    return _shares(totals)


def shuffled_rates(outcomes: Outcomes, rates: Sequence[RateName], shuffles: Array, groups: int) -> Array:
    """Return shares [times, rates, groups] with groups shuffled: `shuffles` [n, times] are codes."""
    columns = np.stack(_columns(outcomes, rates)).astype(np.float64)
    by_group = np.stack([columns @ (shuffles == group) for group in range(groups)], axis=-1)  # [columns, times, groups]
    return _shares(list(by_group))


def _columns(outcomes: Outcomes, rates: Sequence[RateName]) -> list[Booleans]:
    """Return numerator and denominator of each rate in turn, each [n]."""
    return [column for name in rates for column in counted(name, outcomes)]


def _shares(totals: list[Array]) -> Array:
    pairs = [divided(totals[place], totals[place + 1]) for place in range(0, len(totals), 2)]
    return np.stack(pairs, axis=1)
