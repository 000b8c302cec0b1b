"""All rates of each group with their intervals; what rests on few cases is marked."""

from collections.abc import Sequence

import numpy as np

from core.contracts import Estimate, GroupRate, GroupRow
from core.fairness.grouping import Grouping
from core.fairness.intervals import Array, Booleans, wilson
from core.fairness.outcomes import Outcomes
from core.fairness.rates import RATES, Rate

BUDGET = 20_000_000
"""Weights (resamples x cases) that are held at once."""


def draws_for(cases: int) -> int:
    """Return how many resamples or shuffles so many cases get: 1000, fewer where there are many cases."""
    return max(300, min(1000, BUDGET // max(1, cases)))


def group_rows(
    outcomes: Outcomes, found: Grouping, alone: Sequence[str], weights: Array, minimum: int
) -> tuple[GroupRow, ...]:
    """Return the rates of each group.

    Parameters
    ----------
    outcomes
        Of n cases.
    found
        Their groups.
    alone
        What is resampled as one (a patient), [n].
    weights
        How often each case occurs in each resample, [draws, n].
    minimum
        A rate about fewer cases is marked as small.
    """
    units = np.asarray(alone, dtype=object).astype(str)
    return tuple(
        _row(outcomes, name, found.codes == place, units, weights, minimum) for place, name in enumerate(found.names)
    )


def _row(
    outcomes: Outcomes, name: str, inside: Booleans, units: np.typing.NDArray[np.str_], weights: Array, minimum: int
) -> GroupRow:
    own, drawn = outcomes.where(inside), weights[:, inside]
    rates = tuple(_rate(rate, own, units[inside], drawn, minimum) for rate in RATES.values())
    return GroupRow(name, len(own), int(own.truth.sum()), len(own) < minimum, rates)


def _rate(rate: Rate, own: Outcomes, units: np.typing.NDArray[np.str_], drawn: Array, minimum: int) -> GroupRate:
    about = rate.about(own)
    value = float(rate.draws(own, np.ones((1, len(own))))[0]) if about.any() else np.nan
    small = any(int(needed(own).sum()) < minimum for needed in rate.needs)
    if not np.isfinite(value):
        return GroupRate(rate.name, None, True)
    low, high = _interval(rate, own, drawn)
    if rate.hits is not None and value in (0.0, 1.0):  # no resample differs, yet a few cases don't prove it
        count = len(np.unique(units[about]))
        certain = wilson(round(value * count), count)
        low, high = certain.low, certain.high
    return GroupRate(rate.name, Estimate(value, low, high, int(about.sum())), small)


def _interval(rate: Rate, own: Outcomes, drawn: Array) -> tuple[float, float]:
    draws = rate.draws(own, drawn)
    finite = draws[np.isfinite(draws)]
    if not len(finite):
        return np.nan, np.nan
    low, high = np.quantile(finite, [0.025, 0.975])
    return float(low), float(high)
