"""Probabilities of logits, and how far they are from what happens."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from core.contracts import Estimate

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Array = npt.NDArray[np.floating[Any]]
Labels = npt.NDArray[np.integer[Any]]

BINS = 15
RESAMPLES = 300


def softmax(logits: Array, temperature: float = 1.0) -> Floats:
    """Return probabilities [..., classes] of logits [..., classes] divided by `temperature`."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    exponentials = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    probabilities: Floats = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return probabilities


def expected_calibration_error(
    probabilities: Array, labels: Labels, bins: int = BINS, weights: Array | None = None
) -> float:
    """Return the mean gap between the top label's probability and how often it is right; 0 is best, 1 worst.

    sum over bins of (share of cases) x |accuracy - mean confidence|, bins of equal width, each closed on the right.
    NaN without cases. `weights` [cases] count cases more or less often.

    Source
    ------
    Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """
    if len(labels) == 0:
        return math.nan
    values = np.asarray(probabilities, dtype=np.float64)
    counted = np.ones(len(labels)) if weights is None else np.asarray(weights, dtype=np.float64)
    confidence, right = values.max(axis=1), values.argmax(axis=1) == labels
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(place, weights=counted * (right - confidence), minlength=bins)
    return float(np.abs(gaps).sum() / counted.sum())


def estimated_calibration_error(probabilities: Array, labels: Labels, groups: Sequence[str]) -> Estimate:
    """Return the calibration error with its 95 % interval, by a bootstrap of whole groups (patients).

    Resampled cases seem worse calibrated than the cases themselves: the interval is moved down by that difference.
    """
    _, member = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    count = int(member.max()) + 1
    drawn = np.random.default_rng(0).multinomial(count, np.full(count, 1.0 / count), size=RESAMPLES)[:, member]
    errors = [expected_calibration_error(probabilities, labels, weights=row) for row in drawn if row.any()]
    value = expected_calibration_error(probabilities, labels)
    low, high = np.quantile(errors, [0.025, 0.975]) - (np.mean(errors) - value)
    return Estimate(value, max(0.0, float(low)), float(high), len(labels))
