"""How far two readers agree beyond chance."""

import math

import numpy as np
from numpy.typing import NDArray

from core.contracts import Estimate

Array = NDArray[np.float64]


def kappas(first: NDArray[np.int64], second: NDArray[np.int64], weights: Array) -> Array:
    """Return Cohen's kappa under each row of case weights [R, n]: (observed - chance) / (1 - chance), at most 1.

    1 is full agreement, 0 what chance gives, below 0 less than that. Not-a-number where both use one label alone.

    Parameters
    ----------
    first, second : int [n]
        The label of each case by either reader, numbered from 0.
    weights : float [R, n]
        How often each case counts.

    Source
    ------
    Cohen, A Coefficient of Agreement for Nominal Scales, 1960.

    Example
    -------
    >>> kappas(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0]), np.ones((1, 4)))
    array([0.5])
    """
    labels = int(max(first.max(), second.max())) + 1
    total = weights.sum(axis=1)
    observed = weights @ (first == second).astype(np.float64) / total
    by_first, by_second = (weights @ np.eye(labels)[said] / total[:, None] for said in (first, second))  # [R, labels]
    chance = (by_first * by_second).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(chance < 1.0, (observed - chance) / (1.0 - chance), np.nan))


def cohens_kappa(
    first: NDArray[np.int64], second: NDArray[np.int64], resamples: Array, least_same: float
) -> Estimate | None:
    """Return Cohen's kappa with its 95 % bootstrap interval; None with fewer than two cases or one label alone.

    Where the readers never differ no resample does either: the lower bound is then that of the share of equal labels.

    Parameters
    ----------
    resamples : float [R, n]
        How often each case occurs in each resample (of whole groups).
    least_same : float
        Lower bound of the share of cases with the same label.
    """
    if len(first) < 2:
        return None
    value = float(kappas(first, second, np.ones((1, len(first))))[0])
    if math.isnan(value):
        return None
    if bool((first == second).all()):
        chance = float((np.bincount(first) ** 2).sum()) / len(first) ** 2
        return Estimate(value, max(-1.0, (least_same - chance) / (1.0 - chance)), 1.0, len(first))
    low, high = np.nanquantile(kappas(first, second, resamples), (0.025, 0.975))
    return Estimate(value, float(low), float(high), len(first))
