"""Figures with their 95 % interval and the number of cases, maps or orders behind them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

COVERAGE = 0.95
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval and how many values are behind it."""

    value: float
    low: float
    high: float
    n: int


def bootstrap_mean(values: Sequence[float], seed: int = 0) -> Estimate | None:
    """Return the mean with its percentile bootstrap interval, or None without values.

    Parameters
    ----------
    values
        One finite number a case.
    seed
        Equal seeds give equal intervals.

    References
    ----------
    Efron, Tibshirani: An Introduction to the Bootstrap, 1993.

    Examples
    --------
    >>> bootstrap_mean([0.25, 0.25, 0.25])
    Estimate(value=0.25, low=0.25, high=0.25, n=3)
    """
    if not values:
        return None
    sample = torch.tensor(list(values), dtype=torch.float64)
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.randint(len(sample), (RESAMPLES, len(sample)), generator=generator)
    low, high = _quantiles(sample[chosen].mean(dim=1))
    return Estimate(float(sample.mean()), low, high, len(sample))


def mean_interval(values: Sequence[float], lowest: float = -math.inf, highest: float = math.inf) -> Estimate | None:
    """Return the mean of a handful of values with Student's interval, cut to [lowest, highest]; None below two values.

    With few values the bootstrap's interval is too narrow; this one supposes that they scatter like a normal variable.
    """
    return _student(values, lowest, highest, lambda n: 1 / n)


def next_interval(values: Sequence[float], lowest: float = -math.inf, highest: float = math.inf) -> Estimate | None:
    """Return the mean and the interval that the next value of the same kind falls in with 95 %; None below two values.

    Student's prediction interval, cut to [lowest, highest].
    """
    return _student(values, lowest, highest, lambda n: 1 + 1 / n)


def _student(
    values: Sequence[float], lowest: float, highest: float, variance: Callable[[int], float]
) -> Estimate | None:
    from scipy.special import stdtrit

    if len(values) < 2:
        return None
    sample = torch.tensor(list(values), dtype=torch.float64)
    n, mean = len(sample), float(sample.mean())
    half = float(stdtrit(n - 1, (1 + COVERAGE) / 2)) * float(sample.std()) * math.sqrt(variance(n))
    return Estimate(mean, max(lowest, mean - half), min(highest, mean + half), n)


def _quantiles(values: torch.Tensor) -> tuple[float, float]:
    ends = torch.tensor([(1 - COVERAGE) / 2, (1 + COVERAGE) / 2], dtype=values.dtype)
    low, high = torch.quantile(values, ends).tolist()
    return low, high
