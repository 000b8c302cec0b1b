"""A gap with an interval that is right for the largest of several differences."""

from dataclasses import dataclass

import numpy as np

from core.contracts import RateName
from core.fairness.gaps.base import GapMeasure
from core.fairness.intervals import Array, Integers
from core.fairness.outcomes import Outcomes
from core.fairness.rates import counted
from core.fairness.tables import group_rates, resampled_rates

LEVEL = 0.975
"""Each end of the interval errs in one of forty."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A gap of one version."""

    value: float
    low: float
    high: float
    draws: Array
    """The gap in each resample, [draws]."""
    rates: Array
    """[rates, groups]"""
    drawn: Array
    """The rates in each resample, [draws, rates, groups]."""


def measured(measure: GapMeasure, outcomes: Outcomes, codes: Integers, groups: int, weights: Array) -> Measured:
    """Return a gap with its 95 % interval.

    A gap is the largest of several comparisons, so chance makes it too large, in each resample once more. Its lower
    end is therefore the largest of the comparisons' lower ends that hold all at once (by the resampled largest
    studentised error); its upper end the largest of their single upper ends, for one of them is the true largest.

    Parameters
    ----------
    measure
        Which gap.
    outcomes
        Of n cases.
    codes
        Their groups, -1 for none, [n].
    groups
        How many groups there are; each has cases that the rates are about.
    weights
        How often each case occurs in each resample, [draws, n].

    Source
    ------
    Romano and Wolf, Stepwise Multiple Testing as Formalized Data Snooping, 2005 (the studentised largest error);
    Berger, Multiparameter Hypothesis Testing, 1982 (the upper end).
    """
    rates = group_rates(outcomes, measure.rates, codes, groups)
    drawn = resampled_rates(outcomes, measure.rates, codes, groups, weights)
    seen, draws = measure.contrasts(rates), measure.contrasts(drawn)
    spread = np.maximum(_spread(draws), _least(measure, outcomes, codes, groups))
    errors = np.where(np.isnan(draws), -np.inf, (draws - seen) / spread).max(axis=-1)
    low = float((seen - float(np.quantile(errors, LEVEL, method="higher")) * spread).max())
    high = float((seen + 1.96 * spread).max())
    value = float(measure.value(rates))
    return Measured(value, min(value, max(0.0, low)), max(value, min(1.0, high)), measure.value(drawn), rates, drawn)


def _spread(draws: Array) -> Array:
    """Return the standard deviation of each comparison over the resamples, [comparisons]."""
    missing = np.isnan(draws)
    count = np.maximum(1, (~missing).sum(axis=0))
    mean = np.where(missing, 0.0, draws).sum(axis=0) / count
    return np.asarray(np.sqrt(np.where(missing, 0.0, (draws - mean) ** 2).sum(axis=0) / count))


def _least(measure: GapMeasure, outcomes: Outcomes, codes: Integers, groups: int) -> Array:
    """Return a smallest standard deviation for each comparison: shares of 0 and 1 have none in resamples.

    That of a share with two successes and two failures added, for groups whose share is 0 or 1 (Agresti and Coull).
    """
    variance = np.stack([_variance(name, outcomes, codes, groups) for name in measure.rates])  # [rates, groups]
    signs = np.asarray([measure.contrasts(row) for row in _units(variance)])  # [rates x groups, comparisons]
    still = measure.contrasts(np.zeros_like(variance))
    return np.asarray(np.sqrt(((signs - still) ** 2 * variance.reshape(-1, 1)).sum(axis=0)) + 1e-12)


def _units(variance: Array) -> Array:
    """Return for each rate of each group the rates that are 0 but there, [rates x groups, rates, groups]."""
    return np.eye(variance.size).reshape(variance.size, *variance.shape)


def _variance(name: RateName, outcomes: Outcomes, codes: Integers, groups: int) -> Array:
    hits, about = counted(name, outcomes)
    inside = codes >= 0
    n = np.bincount(codes[inside & about], minlength=groups)
    found = np.bincount(codes[inside & hits], minlength=groups)
    smoothed = (found + 2) / (n + 4)
    return np.where((found == 0) | (found == n), smoothed * (1 - smoothed) / (n + 4), 0.0)
