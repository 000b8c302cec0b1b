"""Probabilities that mean what they say, and sets of answers that can't be ruled out."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Array = npt.NDArray[np.floating[Any]]
Labels = npt.NDArray[np.integer[Any]]

MINIMUM_CASES = 2
"""With fewer calibration cases the temperature is 1 and nothing is ruled out."""
LOWEST, HIGHEST = 0.05, 20.0
"""Range of temperatures."""
BISECTIONS = 60
ROUNDING = float(np.finfo(np.float64).eps)
"""Tolerance when a score is held against the threshold."""


def softmax(logits: Array, temperature: float = 1.0) -> Floats:
    """Return probabilities [..., classes] of logits [..., classes] divided by `temperature`."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    exponentials = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    probabilities: Floats = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return probabilities


def fit_temperature(logits: Array, labels: Labels) -> float:
    """Return the temperature that makes `labels` most likely; above 1 means that the network was too sure.

    The mean log likelihood is concave in 1 / temperature, so bisection of its slope finds the one best value, kept
    within 0.05 and 20. With fewer than two cases it is 1.

    Parameters
    ----------
    logits
        [cases, classes] of calibration cases.
    labels
        Class indexes [cases].

    Source
    ------
    Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """
    if len(labels) < MINIMUM_CASES:
        return 1.0
    values = np.asarray(logits, dtype=np.float64)
    truth = values[np.arange(len(labels)), labels]
    low, high = math.log(1 / HIGHEST), math.log(1 / LOWEST)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        expected = (softmax(values, math.exp(-middle)) * values).sum(axis=1)
        if float(np.mean(expected - truth)) > 0:
            high = middle
        else:
            low = middle
    return math.exp(-(low + high) / 2)


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

    Source
    ------
    Sadinle, Lei and Wasserman, Least Ambiguous Set-Valued Classifiers with Bounded Error Levels, JASA 2019. Equal to
    MAPIE 1.6.
    """
    count, risk = len(labels), round(1 - coverage, 12)
    rank = math.ceil((count + 1) * (1 - risk))  # in MAPIE's order of operations, so that it rounds alike
    if count < MINIMUM_CASES or rank > count:
        return 1.0
    scores = 1.0 - np.asarray(probabilities, dtype=np.float64)[np.arange(count), labels]
    return float(np.sort(scores)[rank - 1])


def lac_sets(probabilities: Array, threshold: float) -> Booleans:
    """Return which labels stay in each set, bool [cases, classes]. A set may be empty."""
    sets: Booleans = (1.0 - np.asarray(probabilities, dtype=np.float64)) - threshold <= ROUNDING
    return sets


def prediction_sets(probabilities: Array, threshold: float, coverage: float) -> Booleans:
    """Return which labels can't be ruled out, bool [cases, classes]; every set holds at least the top label.

    Where even the top label scores above the threshold, the least ambiguous set is empty; it is then filled with the
    most probable labels until they hold `coverage` together, so that an unsure answer never looks like a sure one.
    """
    values = np.asarray(probabilities, dtype=np.float64)
    sets = lac_sets(values, threshold)
    order = np.argsort(-values, axis=1, kind="stable")
    ranked = np.take_along_axis(values, order, axis=1)
    before = np.cumsum(ranked, axis=1) - ranked  # probability of all labels ranked above
    filled = np.zeros_like(sets)
    np.put_along_axis(filled, order, before < coverage - ROUNDING, axis=1)
    filled[np.arange(len(values)), order[:, 0]] = True
    return np.where(sets.any(axis=1, keepdims=True), sets, filled)


def prediction_set(probabilities: Array, threshold: float, coverage: float) -> tuple[int, ...]:
    """Return the class indexes of one case that can't be ruled out, most probable first; never empty."""
    chosen = prediction_sets(np.asarray(probabilities)[None], threshold, coverage)[0]
    return tuple(int(index) for index in np.argsort(-np.asarray(probabilities), kind="stable") if chosen[index])


def expected_calibration_error(probabilities: Array, labels: Labels, bins: int = 15) -> float:
    """Return the mean gap between the top label's probability and how often it is right; 0 is best, 1 worst.

    sum over bins of (share of cases) x |accuracy - mean confidence|, bins of equal width, each closed on the right.
    NaN without cases.

    Source
    ------
    Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """
    if len(labels) == 0:
        return math.nan
    values = np.asarray(probabilities, dtype=np.float64)
    confidence, right = values.max(axis=1), values.argmax(axis=1) == labels
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(place, weights=right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))
