"""Temperature scaling: one number that makes all answers more or less sure."""

import math

import numpy as np

from core.models.calibration.probabilities import Array, Floats, Labels, softmax
from core.models.manifest import TargetCalibration

MINIMUM_CASES = 2
"""With fewer calibration cases the temperature is 1 and nothing is ruled out."""
LOWEST, HIGHEST = 0.05, 20.0
"""Range of temperatures."""
BISECTIONS = 60


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


class TemperatureScaling:
    """Divides all logits by one number: order and top label stay."""

    name = "temperature"
    title = "temperature scaling (one number for all labels)"

    def fewest(self, classes: int) -> int:
        """Return how many calibration cases it needs."""
        return MINIMUM_CASES

    def fit(self, item: TargetCalibration, logits: Array, labels: Labels) -> TargetCalibration:
        """Return `item` with the temperature."""
        return item.model_copy(update={"temperature": fit_temperature(logits, labels)})

    def apply(self, item: TargetCalibration, logits: Array) -> Floats:
        """Return probabilities [cases, classes]."""
        return softmax(logits, item.temperature)
