"""Accuracy and both gaps of one model on the same cases, with intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.contracts import Estimate, GapMetric
from core.fairness.gap_intervals import measured
from core.fairness.gap_report import comparable
from core.fairness.gaps import gap_measure
from core.fairness.group_rows import draws_for
from core.fairness.grouping import Grouping, grouping
from core.fairness.intervals import Array, Booleans, Integers, resampled
from core.fairness.outcomes import Outcomes, outcomes_of


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """Labelled cases that models are compared on."""

    labels: Integers
    """Reference labels as class indexes, [n]."""
    attributes: Sequence[Mapping[str, str]]
    units: Sequence[str]
    """What is resampled as one (a patient), [n]."""
    seed: int = 0

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True)
class Figures:
    """One model's figures, each with its interval and n."""

    accuracy: Estimate
    demographic_parity: Estimate
    """Difference of selection rates between groups; lower is better."""
    equalised_odds: Estimate
    """The larger difference of true and of false positive rates between groups; lower is better."""


def figures(cases: Cases, chosen: Integers, positive: int, attribute: str, minimum: int) -> Figures:
    """Return accuracy and gaps of answers, with 95 % intervals of a bootstrap that keeps units together.

    Parameters
    ----------
    cases
        What the answers are held against; there is at least one.
    chosen
        Answers as class indexes, [n].
    positive
        The class whose selection is compared between groups.
    attribute
        What the groups are of; cases without it count for the accuracy only.
    minimum
        Smaller groups are left out of the gaps, where two larger ones are left.
    """
    selected, truth = chosen == positive, cases.labels == positive
    outcomes = outcomes_of(selected, truth, chosen != cases.labels)
    weights = resampled(cases.units, cases.seed, draws_for(len(cases)))
    groups = grouping(cases.attributes, attribute)
    return Figures(
        _share(chosen == cases.labels, weights),
        _gap("demographic_parity", outcomes, groups, weights, minimum),
        _gap("equalised_odds", outcomes, groups, weights, minimum),
    )


def _gap(metric: GapMetric, outcomes: Outcomes, found: Grouping, weights: Array, minimum: int) -> Estimate:
    """Return a gap between the groups that are large enough, or between all where fewer than two are."""
    measure = gap_measure(metric)
    kept = comparable(measure, outcomes, found, minimum)
    if len(kept.names) < 2:
        kept = comparable(measure, outcomes, found, 1)
    if len(kept.names) < 2:
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    seen = measured(measure, outcomes, kept.codes, len(kept.names), weights)
    return Estimate(seen.value, seen.low, seen.high, int((kept.codes >= 0).sum()))


def _share(right: Booleans, weights: Array) -> Estimate:
    draws = (weights @ right.astype(np.float64)) / np.maximum(weights.sum(axis=1), 1.0)
    low, high = np.quantile(draws, [0.025, 0.975])
    return Estimate(float(right.mean()), float(low), float(high), len(right))
