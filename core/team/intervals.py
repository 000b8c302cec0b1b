"""Intervals where readers and cases are both samples: for other readers on other cases.

A reader with many cases is one reader, and a case with many readers one case. The variance of a ratio of sums is added
up from both sides (Cameron, Gelbach and Miller): V = V_cases + max(0, V_readers - V_cells), each from sums of residuals
within a group of cases, a reader, or a reader's cases of a group. What readers differ by beyond chance has as many
degrees of freedom as there are readers less one (readers of unequal load count as fewer: Carter, Schnepel and
Steigerwald), the rest as many as groups less one; Satterthwaite joins them for Student's t. Shares get Wilson's
interval at the number of independent answers that this variance stands for (Korn and Graubard). With one reader the
interval is for this reader on other cases. How often the intervals hold the truth is measured by `bench team`.

Source
------
Cameron, Gelbach and Miller, Robust Inference with Multiway Clustering, 2011. Satterthwaite, An Approximate Distribution
of Estimates of Variance Components, 1946; Hillis, A Comparison of Denominator Degrees of Freedom Methods for
Multiple Observer ROC Analysis, 2007. Korn and Graubard, Confidence Intervals for Proportions with Small Expected Number
of Positive Counts Estimated From Survey Data, 1998. Carter, Schnepel and Steigerwald, Asymptotic Behavior of a t-Test
Robust to Cluster Heterogeneity, 2017.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from core.contracts import Estimate
from core.team.outcomes import Array, Booleans, Integers, Outcomes


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Who read and what each case belongs to, as places from 0 up."""

    readers: Integers
    groups: Integers

    def subset(self, chosen: Booleans) -> "Clusters":
        """Return the clusters of the chosen rows."""
        return Clusters(places_of(self.readers[chosen]), places_of(self.groups[chosen]))

    @property
    def only_cases(self) -> "Clusters":
        """The same cases as if one reader had read them all: for what does not depend on who reads."""
        return Clusters(np.zeros_like(self.readers), self.groups)


@dataclass(frozen=True, slots=True)
class Spread:
    """How far a figure would vary with other readers and other cases."""

    variance: float
    freedom: float
    """Degrees of freedom of the variance, at least 1."""
    groups: int
    """Independent groups of cases."""

    @property
    def quantile(self) -> float:
        """Student's t quantile of a two-sided 95 % interval."""
        return float(student.ppf(0.975, self.freedom))


def clusters_of(outcomes: Outcomes) -> Clusters:
    """Return the clusters of all rows."""
    return Clusters(places_of(outcomes.readers), places_of(outcomes.groups))


def spread(residuals: Array, clusters: Clusters) -> Spread:
    """Return how far a sum of `residuals` [n] (a figure's linear parts, their own sum zero) varies by chance."""
    of_cases, groups = _clustered(residuals, clusters.groups)
    readers = int(clusters.readers.max()) + 1
    between = 0.0
    if readers > 1:
        cells = places_of(clusters.readers * groups + clusters.groups)
        between = max(0.0, _clustered(residuals, clusters.readers)[0] - _clustered(residuals, cells)[0])
    variance = of_cases + between
    if variance == 0:
        return Spread(0.0, max(1.0, groups - 1.0), groups)
    load = np.bincount(clusters.readers) / len(residuals)
    uncertain = of_cases**2 / max(groups - 1, 1)
    if between:
        uncertain += between**2 / max(1.0 / float((load**2).sum()) - 1.0, 1e-9)
    return Spread(variance, max(1.0, variance**2 / uncertain), groups)


def share(counted: Array, base: Array, clusters: Clusters) -> Estimate | None:
    """Return sum of `counted` over sum of `base` [n] (0 to `base` each) with its interval; None without a base.

    Examples
    --------
    >>> clusters = Clusters(np.zeros(4, dtype=np.int64), np.arange(4))
    >>> share(np.array([1.0, 1.0, 0.0, 1.0]), np.ones(4), clusters).value
    0.75
    """
    inside = base > 0
    if not inside.any():
        return None
    counted, base, clusters = counted[inside], base[inside], clusters.subset(inside)
    value = float(counted.sum() / base.sum())
    found = spread((counted - value * base) / base.sum(), clusters)
    n = _independent(value, found, len(base))
    z = found.quantile
    centre = (value + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(max(0.0, value * (1 - value) / n + z * z / (4 * n * n))) / (1 + z * z / n)
    low, high = max(0.0, min(centre - half, value)), min(1.0, max(centre + half, value))
    return Estimate(value, low, high, len(base))


def mean(values: Array, clusters: Clusters) -> Estimate | None:
    """Return the mean of `values` [n] with its interval, what is not finite left out; None without any."""
    known = np.isfinite(values)
    if not known.any():
        return None
    kept, clusters = values[known], clusters.subset(known)
    value = float(kept.mean())
    found = spread((kept - value) / len(kept), clusters)
    half = found.quantile * math.sqrt(found.variance) if found.groups > 1 else math.inf
    return Estimate(value, value - half, value + half, len(kept))


def least(one: Estimate, other: Estimate) -> Estimate:
    """Return the lesser of two figures on the same rows, with an interval that holds whichever is the lesser one.

    Its ends are the lesser lower and the lesser upper end. Where the two are equal it is missed by chance in up to
    7.5 %, not 5 %, and only if they were independent; apart, it is the lesser one's own interval.
    """
    return Estimate(min(one.value, other.value), min(one.low, other.low), min(one.high, other.high), one.n)


def _clustered(residuals: Array, places: Integers) -> tuple[float, int]:
    """Return the variance from sums within clusters, and how many clusters there are."""
    count = int(places.max()) + 1
    sums = np.bincount(places, weights=residuals)
    return float((sums**2).sum()) * count / max(count - 1, 1), count


def _independent(value: float, found: Spread, rows: int) -> float:
    """Return how many independent answers the variance of a share stands for, at most the rows."""
    if found.variance == 0 or not 0 < value < 1:
        return float(found.groups)
    return min(float(rows), value * (1 - value) / found.variance)


def places_of(labels: Integers | NDArray[np.str_]) -> Integers:
    """Return labels as places from 0 up [n]."""
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64)
