"""Answer sets of a version: which labels of a case can't be ruled out; never none."""

from collections.abc import Mapping, Sequence

import numpy as np

from core.models.calibration.probabilities import Array, Booleans, Floats, Labels
from core.models.calibration.sets.base import ROUNDING, of_truth, order_statistic
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


def lac_threshold(probabilities: Array, labels: Labels, coverage: float) -> float:
    """Return the largest score 1 - p that a label may have and still be in the answer set.

    Split conformal prediction with least ambiguous sets: the ceil((n + 1) x coverage)-th smallest score 1 - p(truth)
    of the n calibration cases. Sets made with it hold the truth with a probability of at least `coverage`, over
    cases like the calibration cases. When n is too small for that, it is 1: nothing is ruled out.

    Parameters
    ----------
    probabilities
        Calibrated probabilities [cases, classes].
    labels
        Class indexes [cases].
    coverage
        Share of sets that must hold the truth, between 0 and 1.

    Returns
    -------
    float
        From 0 (only certain labels stay) to 1 (all labels stay).
    """
    found = order_statistic(1.0 - of_truth(probabilities, labels), coverage)
    return 1.0 if found is None else found


def lac_sets(probabilities: Array, threshold: float) -> Booleans:
    """Return which labels stay in each set, bool [cases, classes]. A set may be empty."""
    sets: Booleans = (1.0 - np.asarray(probabilities, dtype=np.float64)) - threshold <= ROUNDING
    return sets


def prediction_sets(probabilities: Array, threshold: float, coverage: float) -> Booleans:
    """Return least ambiguous sets, bool [cases, classes], with at least the top label in each."""
    return filled(lac_sets(probabilities, threshold), probabilities, coverage)


def prediction_set(probabilities: Array, threshold: float, coverage: float) -> tuple[int, ...]:
    """Return the class indexes of one case that can't be ruled out, most probable first; never empty."""
    chosen = prediction_sets(np.asarray(probabilities)[None], threshold, coverage)[0]
    return tuple(int(index) for index in np.argsort(-np.asarray(probabilities), kind="stable") if chosen[index])
