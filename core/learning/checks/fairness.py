"""Fairness: the gaps that the workspace's policy limits, and that no group of theirs gets worse."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from core.contracts import Check, FairnessSpec, GapMetric, RateName, TargetSpec
from core.fairness.gap_intervals import measured
from core.fairness.gap_report import about_groups, comparable
from core.fairness.gaps.registry import gap_measure
from core.fairness.grouping import Grouping, grouping
from core.fairness.intervals import Array, Booleans, Integers
from core.fairness.outcomes import Outcomes, outcomes_of
from core.fairness.rates import RATES
from core.learning.checks.base import GateContext, Line, TargetAnswers, judge, not_assessable
from core.learning.checks.family import judge_family, too_small
from core.learning.statistics import Difference, interval

GOOD: Mapping[GapMetric, tuple[str, tuple[RateName, ...]]] = MappingProxyType(
    {
        "demographic_parity": ("Right answers", ("accuracy",)),
        "equal_opportunity": ("Found positives", ("true_positive_rate",)),
        "equalised_odds": ("Balanced accuracy", ("true_positive_rate", "true_negative_rate")),
        "worst_group": ("Right answers", ("accuracy",)),
    }
)
"""What must not get worse in any group where a gap is limited: the mean of these rates."""


@dataclass(frozen=True, slots=True, eq=False)
class _Compared:
    """What one policy is about: the ledger's groups, and both models' outcomes on it."""

    policy: FairnessSpec
    name: str
    answers: TargetAnswers
    found: Grouping
    before: Outcomes
    after: Outcomes
    minimum: int


class FairnessCheck:
    """Gap of the candidate between groups of the ledger, within the policy's limit; lower is better.

    A gap passes when its whole interval lies within the limit and fails when it lies over it; the line's difference is
    the candidate's gap minus the champion's, and its limit what that may be. Beside it each group, held against the
    champion: Holm-corrected across the groups of a policy.
    """

    name = "fairness"

    def run(self, context: GateContext) -> tuple[Check, ...]:
        """Return for each policy its gap, then its groups."""
        found: list[Check] = []
        for policy in context.spec.fairness:
            target = context.spec.target(policy.target or context.spec.targets[0].name)
            compared = _compared(context, policy, target)
            name = f"{self.name}:{policy.metric}:{policy.attribute}"
            found.append(_gap_line(context.check_name(name, target.name), compared))
            alone = sum(one.attribute == policy.attribute for one in context.spec.fairness) == 1
            prefix = f"{self.name}:{policy.attribute}" if alone else name
            names = [context.check_name(f"{prefix}={group}", target.name) for group in compared.found.names]
            found.extend(_group_lines(names, compared))
        return tuple(found)


def _compared(context: GateContext, policy: FairnessSpec, target: TargetSpec) -> _Compared:
    answers, place = context.judged(target.name), target.classes.index(target.positive_class)
    before, after = (_outcomes(own, answers, place) for own in answers.answered[:2])
    found = grouping(answers.attributes, policy.attribute)
    return _Compared(policy, target.name, answers, found, before, after, context.spec.gate.minimum_group)


def _outcomes(given: Integers, answers: TargetAnswers, place: int) -> Outcomes:
    return outcomes_of(given == place, answers.labels == place, given != answers.labels)


def _gap_line(name: str, of: _Compared) -> Check:
    """Hold the candidate's gap against the limit; the difference is told beside it."""
    measure, limit = gap_measure(of.policy.metric), of.policy.limit
    title = f"{measure.title.split(':')[0]} between groups of {of.policy.attribute}"
    kept = comparable(measure, of.before, of.found, of.minimum)
    groups, about = len(kept.names), about_groups(measure.rates, of.before, kept)
    if groups < 2:
        reason = f"Fewer than two groups have {of.minimum} ledger cases that it is about: not compared."
        return not_assessable(name, title, limit, "lower", len(of.answers.labels), reason)
    weights = of.answers.resampler.weights
    before, after = (measured(measure, own, kept.codes, groups, weights) for own in (of.before, of.after))
    units = of.answers.resampler.subset(about).groups
    gap = Difference(after.value, after.low, after.high, int(about.sum()), after.draws, units)
    judged = judge(Line(name, title, before.value, after.value, gap, limit, "lower", "gap of the candidate"))
    low, high = interval(after.draws - before.draws)
    change = after.value - before.value
    return replace(judged, difference=change, low=low, high=high, limit=limit - before.value)


def _group_lines(names: Sequence[str], of: _Compared) -> tuple[Check, ...]:
    """Hold each group of the candidate against the champion's."""
    words, rates = GOOD[of.policy.metric]
    lines: list[Line] = []
    small: list[Check] = []
    for place, (name, group) in enumerate(zip(names, of.found.names, strict=True)):
        title, inside = f"{words} where {of.policy.attribute} is {group}", of.found.codes == place
        count = min(int(RATES[rate].about(of.before.where(inside)).sum()) for rate in rates)
        if count < of.minimum:
            small.append(too_small(name, title, of.policy.worse_by, count, of.minimum))
        else:
            lines.append(_group_line(name, title, of, inside, rates))
    return (*judge_family(lines), *small)


def _group_line(name: str, title: str, of: _Compared, inside: Booleans, rates: Sequence[RateName]) -> Line:
    about = inside & about_groups(rates, of.before, of.found)
    resampler = of.answers.resampler.subset(about)
    everything = np.ones((1, int(about.sum())))
    before, after = (float(_goodness(own.where(about), rates, everything)[0]) for own in (of.before, of.after))
    drawn = [_goodness(own.where(about), rates, resampler.weights) for own in (of.before, of.after)]
    draws = drawn[1] - drawn[0]
    difference = Difference(after - before, *interval(draws), int(about.sum()), draws, resampler.groups)
    return Line(name, title, before, after, difference, -of.policy.worse_by, "higher")


def _goodness(own: Outcomes, rates: Sequence[RateName], weights: Array) -> Array:
    """Return the mean of some rates in each draw, [draws]."""
    return np.asarray(np.mean([RATES[rate].draws(own, weights) for rate in rates], axis=0))
