"""Calibration of one target on the cases that are set aside for it: probabilities first, then answer sets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.contracts import CalibrationSpec
from core.models.calibration.probabilities import Array, Booleans, Floats, Labels, estimated_calibration_error, softmax
from core.models.calibration.registry import calibrated, calibrator
from core.models.calibration.sets.base import ROUNDING, SetRule, of_truth, order_statistic
from core.models.calibration.sets.coverage import design_effect
from core.models.calibration.sets.registry import set_rule
from core.models.calibration.temperature import MINIMUM_CASES
from core.models.grouping import group_of
from core.models.manifest import SetGroups, TargetCalibration

FOLDS = 5
SEED = 0
FEWEST_IN_GROUP = 50
"""Calibration cases that a group needs for sets of its own: the spread of coverage is then .04 or less at .9."""


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationCases:
    """Labelled cases that no training saw."""

    logits: Array
    """[cases, classes]."""
    labels: Labels
    """[cases]."""
    groups: Sequence[str]
    """What stays together (a patient), [cases]."""
    attributes: Sequence[Mapping[str, str]]
    """[cases]."""

    def some(self, chosen: Booleans) -> "CalibrationCases":
        """Return the chosen cases."""
        rows = np.flatnonzero(chosen).tolist()
        groups, attributes = [self.groups[row] for row in rows], [self.attributes[row] for row in rows]
        return CalibrationCases(self.logits[chosen], self.labels[chosen], groups, attributes)


def fit_calibration(item: TargetCalibration, wanted: CalibrationSpec, cases: CalibrationCases) -> TargetCalibration:
    """Return `item` (target, classes, coverage) calibrated as `wanted`, or more simply where cases are too few.

    Temperature scaling is one number, so the threshold of the sets is chosen on the probabilities of the very cases
    that it was fitted on, as MAPIE does with a fitted model. The other methods bend to their cases: for them each
    case's probabilities come from the other folds, or the sets would promise more than they keep.
    """
    count, item = len(cases.labels), item.model_copy(update={"sets": wanted.sets})
    if count < MINIMUM_CASES:
        return item.model_copy(update={"threshold": set_rule(item.sets).everything(item)})
    item = _method(item.model_copy(update={"calibration_n": count}), wanted, count)
    fitted = calibrator(item.method).fit(item, cases.logits, cases.labels)
    crossed = _crossed(item, cases)
    before = estimated_calibration_error(softmax(cases.logits), cases.labels, cases.groups)
    after = estimated_calibration_error(crossed, cases.labels, cases.groups)
    fitted = fitted.model_copy(update={"before": before, "after": after})
    known = calibrated(fitted, cases.logits) if fitted.method == "temperature" else crossed
    return _sets(fitted, wanted.groups, known, cases)


def _method(item: TargetCalibration, wanted: CalibrationSpec, count: int) -> TargetCalibration:
    needed = calibrator(wanted.method).fewest(len(item.classes))
    if count >= needed:
        return item.model_copy(update={"method": wanted.method})
    note = (
        f"{calibrator(wanted.method).title} needs {needed} calibration cases and there are {count}: "
        f"{calibrator('temperature').title} was used"
    )
    return item.model_copy(update={"method": "temperature", "notes": (*item.notes, note)})


def _crossed(item: TargetCalibration, cases: CalibrationCases) -> Floats:
    """Return each case's probabilities as calibrated on other cases: five folds of whole groups."""
    names, member = np.unique(np.asarray(cases.groups, dtype=str), return_inverse=True)
    folds = np.random.default_rng(SEED).permutation(len(names))[member] % FOLDS
    found = np.empty(np.shape(cases.logits), dtype=np.float64)
    for fold in np.unique(folds):
        inside, outside = folds == fold, cases.some(folds != fold)
        learnt = calibrator(item.method).fit(item, outside.logits, outside.labels) if len(outside.labels) else item
        found[inside] = calibrated(learnt, cases.logits[inside])
    return found


def _sets(item: TargetCalibration, attribute: str | None, known: Floats, cases: CalibrationCases) -> TargetCalibration:
    rule = set_rule(item.sets)
    item, left = rule.tune(item, known, cases.labels, cases.groups)
    scores = of_truth(rule.scores(item, known), cases.labels)
    threshold = _threshold(rule, item, scores[left])
    alone = [group for group, kept in zip(cases.groups, left, strict=True) if kept]
    effect = design_effect(scores[left] <= threshold + ROUNDING, alone)
    item = item.model_copy(update={"threshold": threshold, "design_effect": effect})
    if attribute is None:
        return item
    groups = np.asarray([group_of(one, attribute) or "" for one in cases.attributes])
    return _grouped(rule, item, attribute, scores[left], groups[left])


def _threshold(rule: SetRule, item: TargetCalibration, scores: Floats) -> float:
    found = order_statistic(scores, item.coverage)
    return rule.everything(item) if found is None else max(0.0, found)


def _grouped(
    rule: SetRule, item: TargetCalibration, attribute: str, scores: Floats, groups: np.ndarray
) -> TargetCalibration:
    """Return `item` with thresholds of its own for each group that has enough calibration cases (Mondrian).

    Source
    ------
    Vovk, Lindsay, Nouretdinov and Gammerman, Mondrian Confidence Machine, 2003.
    """
    counts = {str(name): int((groups == name).sum()) for name in np.unique(groups) if name}
    enough = {name for name, count in counts.items() if count >= FEWEST_IN_GROUP}
    own = {name: _threshold(rule, item, scores[groups == name]) for name in sorted(enough)}
    small = [f"{name} ({counts[name]})" for name in sorted(set(counts) - enough)]
    note = (
        f"groups of {attribute} with fewer than {FEWEST_IN_GROUP} calibration cases have the sets of all cases: "
        f"{', '.join(small)}"
    )
    notes = (*item.notes, note) if small else item.notes
    return item.model_copy(
        update={"set_groups": SetGroups(attribute=attribute, thresholds=own, cases=counts), "notes": notes}
    )
