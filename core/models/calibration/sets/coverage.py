"""How often sets hold the right answer by chance alone, and whether less often than that."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from core.models.calibration.probabilities import Booleans, Floats

ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Promise:
    """What sets promise, and the calibration split that it rests on.

    The coverage that a threshold really has is Beta(n + 1 - l, l) over calibration splits of n cases, with
    l = floor((n + 1) x (1 - coverage)). Where cases share groups (patients), both numbers are divided by the design
    effect: the mean stays, the spread is that of so many fewer cases.

    Source
    ------
    Vovk, Conditional Validity of Inductive Conformal Predictors, 2012; Angelopoulos and Bates, A Gentle Introduction to
    Conformal Prediction, 2021, section 3.2; Kish, Survey Sampling, 1965 (design effect).
    """

    coverage: float
    cases: int
    """Calibration cases."""
    design_effect: float = 1.0

    def expected(self, judged: float | None = None) -> tuple[float, float]:
        """Return where 95 % of coverages lie by chance: of the threshold itself, or of `judged` independent cases.

        (1, 1) where there are so few calibration cases that nothing is ruled out.

        Example
        -------
        >>> Promise(0.9, 99).expected()
        (0.834..., 0.950...)
        """
        if not self._above:
            return 1.0, 1.0
        if judged:
            count = max(1, round(judged))
            low, high = stats.betabinom(count, *self._shape).ppf([0.025, 0.975]) / count
        else:
            low, high = stats.beta(*self._shape).ppf([0.025, 0.975])
        return float(low), float(high)

    def broken(self, share: float, judged: float) -> float:
        """Return the chance that at most this share of `judged` independent new cases is covered while it is kept.

        The beta-binomial tail: it counts the chance in the calibration split as well as that in the judged cases.
        """
        if not self._above:
            return 0.0 if share < 1.0 else 1.0
        count = max(1, round(judged))
        return float(stats.betabinom(count, *self._shape).cdf(math.floor(share * count + ROUNDING)))

    @property
    def _above(self) -> int:
        """How many calibration cases score above the threshold or at it: l = n + 1 - rank."""
        risk = round(1 - self.coverage, 12)
        return self.cases + 1 - min(self.cases + 1, math.ceil((self.cases + 1) * (1 - risk)))

    @property
    def _shape(self) -> tuple[float, float]:
        return (self.cases + 1 - self._above) / self.design_effect, self._above / self.design_effect


def design_effect(hits: Booleans, groups: Sequence[str]) -> float:
    """Return how many times larger the variance of the mean of `hits` [n] is because cases share groups; at least 1.

    Variance from the groups' sums over that of independent cases. 1 where no two cases share a group; where all hits
    are alike, that of cases which are alike within groups.

    Source
    ------
    Kish, Survey Sampling, 1965.
    """
    _, member, sizes = np.unique(np.asarray(groups, dtype=str), return_inverse=True, return_counts=True)
    if not len(hits) or sizes.max() == 1:
        return 1.0
    share, number = float(hits.mean()), len(sizes)
    if share in (0.0, 1.0) or number == 1:
        return float((sizes**2).sum() / len(hits))
    sums = np.bincount(member, weights=hits - share)
    return max(1.0, float((sums**2).sum() * number / (number - 1) / (len(hits) * share * (1 - share))))


def too_many_missed(missed: int, strata: Sequence[tuple[int, float, float]]) -> float:
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
