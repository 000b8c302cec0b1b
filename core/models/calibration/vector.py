"""Vector scaling: a factor and a shift for each label."""

import numpy as np
from scipy.optimize import minimize

from core.models.calibration.probabilities import Array, Floats, Labels, softmax
from core.models.calibration.temperature import HIGHEST, LOWEST, fit_temperature
from core.models.manifest import TargetCalibration, VectorNumbers

FEWEST_PER_CLASS = 20
STRENGTH = 5.0
"""Pull towards the temperature alone: as strong as normal priors of variance 1/5 on relative factors and shifts.

On simulated problems of 2, 5 and 10 classes with twenty cases a class 5 lost least (than 0 and 1) where the temperature
is right, and gained as much where it is not.
"""


class VectorScaling:
    """Multiplies each label's logit by its own factor and adds a shift: corrects a label that is said too often.

    Minimises the negative log likelihood plus STRENGTH / 2 x (sum of (factor x temperature - 1)^2 + sum of shift^2),
    by L-BFGS from the temperature's solution, factors within the range of 1 / temperature: with few cases it stays
    near the temperature. The top label may change.

    Source
    ------
    Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """

    name = "vector"
    title = "vector scaling (a factor and a shift for each label)"

    def fewest(self, classes: int) -> int:
        """Return how many calibration cases it needs: twenty a class."""
        return FEWEST_PER_CLASS * classes

    def fit(self, item: TargetCalibration, logits: Array, labels: Labels) -> TargetCalibration:
        """Return `item` with the temperature, the factors and the shifts."""
        temperature = fit_temperature(logits, labels)
        values, classes = np.asarray(logits, dtype=np.float64) / temperature, np.shape(logits)[1]
        truth = np.eye(classes)[labels]

        def loss(numbers: Floats) -> tuple[float, Floats]:
            factor, shift = numbers[:classes], numbers[classes:]
            found = softmax(values * factor + shift)
            likelihood = np.log(np.maximum((found * truth).sum(axis=1), np.finfo(np.float64).tiny)).sum()
            miss, away = found - truth, np.concatenate([factor - 1.0, shift])
            slope = np.concatenate([(miss * values).sum(axis=0), miss.sum(axis=0)]) + STRENGTH * away
            return float(STRENGTH / 2 * (away**2).sum() - likelihood), slope

        start = np.concatenate([np.ones(classes), np.zeros(classes)])
        bounds = [(temperature / HIGHEST, temperature / LOWEST)] * classes + [(None, None)] * classes
        best = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
        numbers = VectorNumbers(scale=tuple(best[:classes] / temperature), bias=tuple(best[classes:]))
        return item.model_copy(update={"temperature": temperature, "vector": numbers})

    def apply(self, item: TargetCalibration, logits: Array) -> Floats:
        """Return probabilities [cases, classes]; by the temperature where there are no numbers."""
        if item.vector is None:
            return softmax(logits, item.temperature)
        return softmax(np.asarray(logits, dtype=np.float64) * item.vector.scale + item.vector.bias)
