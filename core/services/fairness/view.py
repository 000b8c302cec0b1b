"""Rates and gaps of a version on the ledger, seen from one class."""

import numpy as np

from core.contracts import AttributeFairness, GapMetric, TargetSpec, WorkspaceSpec
from core.fairness.gap_report import Compared, attribute_fairness
from core.fairness.group_rows import draws_for
from core.fairness.grouping import groupings
from core.fairness.intervals import resampled
from core.fairness.outcomes import Outcomes
from core.models.calibration import answer_sets
from core.models.grouping import JOINT
from core.models.manifest import TargetCalibration
from core.services.trust.answers import Judged


def seen_from(judged: Judged, calibration: TargetCalibration, positive: str) -> Outcomes:
    """Return what a version did with the judged cases, seen from the class `positive`."""
    place, answers = judged.target.classes.index(positive), judged.answers
    sets = answer_sets(calibration, judged.probabilities, [case.attributes for case in judged.cases])
    return Outcomes(
        selected=answers == place,
        truth=judged.truth == place,
        wrong=judged.wrong,
        score=judged.probabilities[:, place],
        covered=sets[np.arange(len(answers)), judged.truth],
        deferred=sets.sum(axis=1) != 1,
    )


def sensitive(spec: WorkspaceSpec) -> tuple[str, ...]:
    """Return the names of the sensitive attributes."""
    return tuple(attribute.name for attribute in spec.attributes if attribute.sensitive)


def measure(judged: Judged, spec: WorkspaceSpec, outcomes: Outcomes) -> tuple[AttributeFairness, ...]:
    """Return rates and gaps for each sensitive attribute, then for intersections of two."""
    if not judged.cases:
        return ()
    rows, alone = [case.attributes for case in judged.cases], [case.group for case in judged.cases]
    minimum, seed = spec.gate.minimum_group, spec.split.seed
    weights = resampled(alone, seed, draws_for(len(alone)))
    return tuple(
        attribute_fairness(
            Compared(outcomes, found, alone, weights, minimum, seed), limits(spec, judged.target, found.attribute)
        )
        for found in groupings(rows, sensitive(spec), minimum)
    )


def limits(spec: WorkspaceSpec, target: TargetSpec, attribute: str) -> dict[GapMetric, float]:
    """Return the policy's limits for an attribute, or attributes in any order, and a target, by metric."""
    first, parts = spec.targets[0].name, set(attribute.split(JOINT))
    return {
        policy.metric: policy.limit
        for policy in spec.fairness
        if set(policy.attribute.split(JOINT)) == parts and (policy.target or first) == target.name
    }
