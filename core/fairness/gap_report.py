"""The gaps of one attribute as the page tells them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.contracts import AttributeFairness, Estimate, Gap, GapMetric, RateName
from core.fairness.gap_intervals import Measured, measured
from core.fairness.gaps.base import GapMeasure
from core.fairness.gaps.registry import gap_measures
from core.fairness.group_rows import draws_for, group_rows
from core.fairness.grouping import Grouping
from core.fairness.intervals import Array, Booleans, Integers
from core.fairness.membership import UNKNOWN
from core.fairness.outcomes import Outcomes
from core.fairness.permutation import Chance, permutation_test
from core.fairness.rates import RATES
from core.fairness.tables import group_rates
from core.fairness.telling import Apart, gap_title, gap_words, note_of

Limits = Mapping[GapMetric, float]


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """What an attribute's gaps are measured on."""

    outcomes: Outcomes
    found: Grouping
    alone: Sequence[str]
    """What is resampled and shuffled as one (a patient), [n]."""
    weights: Array
    """How often each case occurs in each resample, [draws, n]."""
    minimum: int
    """A group with fewer cases that a gap's rates are about is left out of it."""
    seed: int


def attribute_fairness(of: Compared, limits: Limits) -> AttributeFairness:
    """Return rates and gaps of one attribute; `limits` are the policy's, by metric."""
    rows = group_rows(of.outcomes, of.found, of.alone, of.weights, of.minimum)
    gaps = {measure.name: _gap(of, measure, limits.get(measure.name)) for measure in gap_measures()}
    told = tuple(gap for gap in gaps.values() if gap is not None)
    missing = tuple(measure for measure in gap_measures() if gaps[measure.name] is None)
    return AttributeFairness(of.found.attribute, rows, told, note_of(of.found, rows, missing, of.minimum))


def comparable(measure: GapMeasure, outcomes: Outcomes, found: Grouping, minimum: int) -> Grouping:
    """Return the grouping without groups that have too few cases for one of the gap's rates."""
    counts = np.stack([_count(RATES[name].about(outcomes), found) for name in measure.rates])  # [rates, groups]
    return found.only(np.flatnonzero((counts >= minimum).all(axis=0)).tolist())


def about_groups(rates: Sequence[RateName], outcomes: Outcomes, kept: Grouping) -> Booleans:
    """Return which cases of the compared groups some of the rates are about, [n]."""
    return np.asarray(np.any([RATES[name].about(outcomes) for name in rates], axis=0) & (kept.codes >= 0))


def _count(about: Booleans, found: Grouping) -> Integers:
    return np.bincount(found.codes[(found.codes >= 0) & about], minlength=len(found.names))


def _gap(of: Compared, measure: GapMeasure, limit: float | None) -> Gap | None:
    kept = comparable(measure, of.outcomes, of.found, of.minimum)
    if len(kept.names) < 2:
        return None
    seen = measured(measure, of.outcomes, kept.codes, len(kept.names), of.weights)
    chance = permutation_test(
        measure, of.outcomes, kept.codes, len(kept.names), of.alone,
        seen=seen.value, seed=of.seed, times=draws_for(len(of.outcomes)),
    )  # fmt: skip
    return _told(of, measure, kept, seen, chance, limit)


def _told(
    of: Compared, measure: GapMeasure, kept: Grouping, seen: Measured, chance: Chance, limit: float | None
) -> Gap:
    place = measure.decisive(seen.rates)
    n = int(about_groups(measure.rates, of.outcomes, kept).sum())
    difference = Estimate(seen.value, seen.low, seen.high, n)
    apart = _apart(measure.rates[place], seen.rates[place], of.outcomes, kept)
    return Gap(
        metric=measure.name,
        title=gap_title(measure, place),
        difference=difference,
        ratio=_ratio(measure, seen, n),
        p_value=chance.p_value,
        limit=limit,
        highest=apart.highest[0],
        lowest=apart.lowest[0],
        words=gap_words(apart, difference, chance, limit),
    )


def _apart(rate: RateName, own: Array, outcomes: Outcomes, kept: Grouping) -> Apart:
    order = np.argsort(own, kind="stable").tolist()
    lowest, highest = ((kept.names[group], float(own[group])) for group in (order[0], order[-1]))
    together = group_rates(outcomes, (rate,), np.where(kept.codes >= 0, 0, UNKNOWN), 1)
    return Apart(rate, highest, lowest, float(together[0, 0]))


def _ratio(measure: GapMeasure, seen: Measured, n: int) -> Estimate | None:
    """Return smallest over largest rate with its percentile interval; None where the largest is 0."""
    value, draws = measure.ratio(seen.rates), measure.ratio(seen.drawn)
    if value is None or draws is None or not np.isfinite(value):
        return None
    finite = draws[np.isfinite(draws)]
    low, high = np.quantile(finite, [0.025, 0.975]).tolist() if len(finite) else (np.nan, np.nan)
    return Estimate(float(value), min(float(value), low), max(float(value), high), n)
