"""Paired bootstrap over groups, Holm's correction, and estimates with intervals.

All intervals are 95 % percentile intervals of a seeded bootstrap that resamples *groups* (patients, say), so that
several cases of one group do not pretend to be independent evidence.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from core.contracts import Estimate

Array = NDArray[np.float64]
RESAMPLES = 2000
TELLING = 64
"""Resamples that tell groups apart: cases of one group have the same weight in all of them, others hardly ever."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A paired difference with its interval and the bootstrap draws behind it."""

    value: float
    low: float
    high: float
    n: int
    draws: Array
    groups: int | None = None
    """Independent groups behind it; None when not counted."""


@dataclass(frozen=True, slots=True)
class Resampler:
    """Draws of group weights, shared by all statistics of one report so that they are paired.

    `weights` has shape [resamples, cases]: how often each case occurs in each resample.
    """

    weights: Array

    @classmethod
    def of_groups(cls, groups: Sequence[str], *, seed: int = 0, resamples: int = RESAMPLES) -> "Resampler":
        """Build the resampler that draws as many groups as there are, with replacement."""
        _, member = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)
        count = int(member.max()) + 1 if len(member) else 0
        if count == 0:
            return cls(np.zeros((resamples, 0)))
        generator = np.random.default_rng(seed)
        drawn = generator.multinomial(count, np.full(count, 1.0 / count), size=resamples)
        return cls(drawn[:, member].astype(np.float64))

    def subset(self, chosen: NDArray[np.bool_]) -> "Resampler":
        """Return the resampler of the chosen cases, still paired with this one."""
        return Resampler(self.weights[:, chosen])

    @property
    def groups(self) -> int:
        """How many groups the cases belong to."""
        return int(np.unique(self.weights[:TELLING], axis=1).shape[1]) if self.weights.shape[1] else 0

    def mean_draws(self, values: Array) -> Array:
        """Return the weighted mean of `values` [cases] in every resample; empty resamples are left out."""
        total = self.weights.sum(axis=1)
        kept = total > 0
        return np.asarray((self.weights[kept] @ values) / total[kept])


def interval(draws: Array) -> tuple[float, float]:
    """Return the 95 % percentile interval of bootstrap draws ((nan, nan) when there are none)."""
    finite = draws[np.isfinite(draws)]
    if not len(finite):
        return float("nan"), float("nan")
    low, high = np.quantile(finite, [0.025, 0.975])
    return float(low), float(high)


def mean_difference(champion: Array, candidate: Array, resampler: Resampler) -> Difference:
    """Return the mean of candidate minus champion over cases [n], with its paired interval.

    Raises
    ------
    ValueError
        When there is no case.
    """
    if not len(champion):
        raise ValueError("mean_difference: no cases; ask only for groups that have some")
    delta = candidate.astype(np.float64) - champion.astype(np.float64)
    draws = resampler.mean_draws(delta)
    low, high = interval(draws)
    return Difference(float(delta.mean()), low, high, len(delta), draws, resampler.groups)


def statistic_difference(
    statistic: Callable[[Array, Array], float], champion: Array, candidate: Array, resampler: Resampler, n: int
) -> Difference:
    """Return candidate minus champion of any weighted statistic `statistic(per_case_data, weights)`."""
    ones = np.ones(n)
    draws = np.asarray([statistic(candidate, w) - statistic(champion, w) for w in resampler.weights])
    low, high = interval(draws)
    value = statistic(candidate, ones) - statistic(champion, ones)
    return Difference(value, low, high, n, draws, resampler.groups)


def estimate_mean(values: Array, resampler: Resampler) -> Estimate:
    """Return the mean of `values` [n] with its bootstrap interval (nan when there are no cases)."""
    if not len(values):
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    low, high = interval(resampler.mean_draws(values.astype(np.float64)))
    return Estimate(float(values.mean()), low, high, len(values))


def estimate(statistic: Callable[[Array, Array], float], data: Array, resampler: Resampler, n: int) -> Estimate:
    """Return any weighted statistic with its bootstrap interval."""
    if n == 0:
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    low, high = interval(np.asarray([statistic(data, w) for w in resampler.weights]))
    return Estimate(statistic(data, np.ones(n)), low, high, n)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm's step-down adjusted p-values, in the given order.

    Source: Holm, A simple sequentially rejective multiple test procedure, 1979.

    Example
    -------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values)
    adjusted = [0.0] * len(p_values)
    running = 0.0
    for rank, index in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = round(running, 12)
    return adjusted


def share_beyond(draws: Array, limit: float, *, better: str) -> float:
    """Return the one-sided bootstrap p-value of "the difference is not on the bad side of `limit`".

    With `better="higher"` the bad side is below the limit. Small values mean: it is on the bad side. Where no draw at
    all is on the good side, the draws' normal tail goes on: their number would else bound the value from below, and
    after a correction for more than fifty lines nothing could ever fail.
    """
    finite = draws[np.isfinite(draws)]
    if not len(finite):
        return 1.0
    good = finite >= limit if better == "higher" else finite <= limit
    smallest = 1 / (len(finite) + 1)
    if good.any():
        return float((good.sum() + 1) * smallest)
    spread = float(finite.std())
    tail = NormalDist().cdf(-abs(float(finite.mean()) - limit) / spread) if spread > 0 else 0.0
    return min(smallest, tail)
