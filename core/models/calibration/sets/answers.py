"""Answer sets of a version: which labels of a case can't be ruled out; never none."""

from collections.abc import Mapping, Sequence

import numpy as np

from core.models.calibration.probabilities import Array, Booleans, Floats
from core.models.calibration.sets.base import ROUNDING
from core.models.calibration.sets.registry import set_rule
from core.models.grouping import group_of
from core.models.manifest import TargetCalibration

Known = Sequence[Mapping[str, str] | None]
"""Attributes of each case."""


def answer_sets(item: TargetCalibration, probabilities: Array, attributes: Known | None = None) -> Booleans:
    """Return which labels can't be ruled out, bool [cases, classes]; every set holds at least one.

    Parameters
    ----------
    item
        The version's calibration.
    probabilities
        Calibrated, [cases, classes].
    attributes
        What is known of each case, for sets within groups; a case whose group is unknown or was too small has the
        threshold over all.
    """
    scores = set_rule(item.sets).scores(item, probabilities)
    return filled(scores - thresholds(item, len(scores), attributes)[:, None] <= ROUNDING, probabilities, item.coverage)


def thresholds(item: TargetCalibration, count: int, attributes: Known | None = None) -> Floats:
    """Return the threshold of each of `count` cases."""
    found, groups = np.full(count, item.threshold), item.set_groups
    if groups is not None and attributes is not None:
        named = (None if known is None else group_of(known, groups.attribute) for known in attributes)
        found[:] = [item.threshold if name is None else groups.thresholds.get(name, item.threshold) for name in named]
    return found


def filled(sets: Booleans, probabilities: Array, coverage: float) -> Booleans:
    """Return `sets` [cases, classes] with empty ones filled by the top labels, until those hold `coverage` together.

    Where even the top label scores above the threshold a set is empty; filled like this, an unsure answer never looks
    like a sure one.
    """
    values = np.asarray(probabilities, dtype=np.float64)
    order = np.argsort(-values, axis=1, kind="stable")
    in_order = np.take_along_axis(values, order, axis=1)
    before = np.cumsum(in_order, axis=1) - in_order  # probability of all labels ranked above
    full = np.zeros_like(sets)
    np.put_along_axis(full, order, before < coverage - ROUNDING, axis=1)
    full[np.arange(len(values)), order[:, 0]] = True
    return np.where(sets.any(axis=1, keepdims=True), sets, full)
