"""How often sets hold the right answer by chance alone, and whether less often than that."""

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from core.models.calibration.probabilities import Floats


def expected_coverage(calibration: int, promised: float, judged: int | None = None) -> tuple[float, float]:
    """Return where 95 % of coverages lie by chance, when `calibration` cases chose the threshold.

    The coverage that a threshold really has is Beta(n + 1 - l, l) over calibration splits of n cases, with
    l = floor((n + 1) x (1 - promised)); of `judged` cases the number covered is then beta-binomial. (1, 1) where n is
    so small that nothing is ruled out.

    Source
    ------
    Vovk, Conditional Validity of Inductive Conformal Predictors, 2012; Angelopoulos and Bates, A Gentle Introduction to
    Conformal Prediction, 2021, section 3.2.

    Example
    -------
    >>> expected_coverage(99, 0.9)
    (0.834..., 0.950...)
    """
    above = _above(calibration, promised)
    if not above:
        return 1.0, 1.0
    first, second = calibration + 1 - above, above
    if judged:
        low, high = stats.betabinom(judged, first, second).ppf([0.025, 0.975]) / judged
    else:
        low, high = stats.beta(first, second).ppf([0.025, 0.975])
    return float(low), float(high)


def too_few_covered(covered: int, judged: int, calibration: int, promised: float) -> float:
    """Return the chance that at most `covered` of `judged` new cases are covered while the promise is kept.

    The beta-binomial tail: it counts the chance in the calibration split as well as that in the judged cases.
    """
    above = _above(calibration, promised)
    if not above:
        return 0.0 if covered < judged else 1.0
    return float(stats.betabinom(judged, calibration + 1 - above, above).cdf(covered))


def _above(calibration: int, promised: float) -> int:
    """Return how many calibration cases score above the threshold or at it: l = n + 1 - rank."""
    risk = round(1 - promised, 12)
    return calibration + 1 - min(calibration + 1, math.ceil((calibration + 1) * (1 - risk)))


def too_many_missed(missed: int, strata: Sequence[tuple[int, int, int]]) -> float:
    """Return the chance of at least `missed` misses in cases that are as often missed as earlier ones of their stratum.

    Each stratum (cases, earlier cases, earlier misses) is beta-binomial with Jeffreys' prior (1/2, 1/2) on its share of
    misses; the sum over strata is exact. Cases that people choose because the model is torn over them are missed more
    often than others: held against earlier ones on which it was as sure, they raise no alarm for that.
    """
    total: Floats = np.ones(1)
    for count, earlier, misses in strata:
        share = stats.betabinom(count, misses + 0.5, earlier - misses + 0.5)
        total = np.convolve(total, share.pmf(np.arange(count + 1)))
    return float(min(1.0, total[missed:].sum()))


def look_level(level: float, look: int) -> float:
    """Return the level of the `look`-th of endlessly many looks (from 1): together they err as often as one at `level`.

    level / (look x (look + 1)), which sums to `level`: Bonferroni with weights.

    Source
    ------
    Wasserman and Roeder, Weighted Hypothesis Testing, 2006; Foster and Stine, Alpha-investing, 2008.
    """
    return level / (look * (look + 1))
