"""Accuracy and both gaps of one model on the same cases, with intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.contracts import Estimate, GapMetric
from core.fairness.gaps import gap_measure
from core.fairness.group_rows import draws_for
from core.fairness.grouping import Grouping, grouping
from core.fairness.intervals import Array, Integers, resampled
from core.fairness.outcomes import Outcomes, outcomes_of
from core.fairness.tables import resampled_rates


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
class Measured:
    """One model's figures, each with its interval and n."""

    accuracy: Estimate
    demographic_parity: Estimate
    """Difference of selection rates between groups; lower is better."""
    equalised_odds: Estimate
    """The larger difference of true and of false positive rates between groups; lower is better."""


def measured(cases: Cases, chosen: Integers, positive: int, attribute: str, minimum: int) -> Measured:
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
    weights = np.concatenate([np.ones((1, len(cases))), resampled(cases.units, cases.seed, draws_for(len(cases)))])
    groups = compared(grouping(cases.attributes, attribute), minimum)
    return Measured(
        _estimate(_means(chosen == cases.labels, weights), len(cases)),
        _gap("demographic_parity", outcomes, groups, weights),
        _gap("equalised_odds", outcomes, groups, weights),
    )


def compared(found: Grouping, minimum: int) -> Grouping:
    """Return the groups that are compared: those with `minimum` cases, or all where fewer than two have so many."""
    large = np.flatnonzero(found.sizes >= minimum).tolist()
    return found.only(large) if len(large) > 1 else found


def _gap(metric: GapMetric, outcomes: Outcomes, groups: Grouping, weights: Array) -> Estimate:
    measure, known = gap_measure(metric), int((groups.codes >= 0).sum())
    if not groups.names:
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    rates = resampled_rates(outcomes, measure.rates, groups.codes, len(groups.names), weights)
    return _estimate(np.asarray(measure.value(rates)), known)


def _means(right: Array, weights: Array) -> Array:
    return np.asarray((weights @ np.asarray(right, dtype=np.float64)) / np.maximum(weights.sum(axis=1), 1.0))


def _estimate(draws: Array, n: int) -> Estimate:
    """Return the first draw, which is the figure itself, with the interval of the others."""
    low, high = np.quantile(draws[1:], [0.025, 0.975])
    return Estimate(float(draws[0]), float(low), float(high), n)
