"""Intervals of shares, and bootstrap weights that keep groups together."""

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from core.contracts import Estimate

Array = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]


def wilson(count: int, n: int) -> Estimate:
    """Return the share `count` of `n` with Wilson's 95 % interval (not-a-number without cases).

    Unlike a bootstrap, it has a width where all or none are counted.

    Source
    ------
    Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927.

    Example
    -------
    >>> wilson(0, 10)
    Estimate(value=0.0, low=0.0, high=0.2775..., n=10)
    """
    if n == 0:
        return Estimate(math.nan, math.nan, math.nan, 0)
    share, z = count / n, NormalDist().inv_cdf(0.975)
    centre, spread = share + z * z / (2 * n), z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low, high = ((centre + side * spread) / (1 + z * z / n) for side in (-1, 1))
    return Estimate(share, max(0.0, low) if count else 0.0, min(1.0, high) if count < n else 1.0, n)


def divided(part: Array, whole: Array) -> Array:
    """Return `part / whole`, not-a-number where `whole` is not above 0."""
    shape = np.broadcast_shapes(np.shape(part), np.shape(whole))
    return np.asarray(np.divide(part, whole, out=np.full(shape, np.nan), where=np.asarray(whole) > 0))


def members(groups: Sequence[str]) -> list[Integers]:
    """Return the cases of each group."""
    _, place = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)
    order = np.argsort(place, kind="stable")
    return [np.asarray(part, dtype=np.int64) for part in np.split(order, np.cumsum(np.bincount(place))[:-1])]


def resampled(groups: Sequence[str], seed: int, resamples: int = 1000) -> Array:
    """Return how often each case occurs in each resample of whole groups, [resamples, cases]."""
    _, place = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)
    count = int(place.max()) + 1
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1.0 / count), size=resamples)
    return np.asarray(drawn[:, place], dtype=np.float64)


def shuffled(values: Array, groups: Sequence[str], seed: int, times: int) -> Array:
    """Return `values` [n] shuffled between groups of the same size, [n, times]: cases of one group stay together.

    With groups of one case each this is a plain shuffle.
    """
    generator, shuffles = np.random.default_rng(seed), np.repeat(values[:, None], times, axis=1)
    sized: dict[int, list[Integers]] = {}
    for cases in members(groups):
        sized.setdefault(len(cases), []).append(cases)
    for alike in sized.values():
        blocks = np.stack(alike)  # [groups, size]
        orders = generator.permuted(np.tile(np.arange(len(blocks)), (times, 1)), axis=1)  # [times, groups]
        for time in range(times):
            shuffles[blocks, time] = values[blocks[orders[time]]]
    return shuffles
