"""Isotonic regression: for each label any rising function from what is said to what is seen."""

import numpy as np

from core.models.calibration.probabilities import Array, Floats, Labels, softmax
from core.models.calibration.temperature import fit_temperature
from core.models.manifest import IsotonicNumbers, Steps, TargetCalibration

FEWEST = 200
SMALLEST = 1e-12
"""Least probability before calibration: floats end at 0, a probability must not."""


class IsotonicCalibration:
    """One rising step function a label, against all others, on the temperature's probabilities; then made to sum to 1.

    The functions are flat in stretches and may be 0, which would make labels equal or impossible that are not. So the
    temperature's own probability counts as one more case beside the n that the function was learnt from:
    (n x function + probability) / (n + 1). The top label may change.

    Source
    ------
    Zadrozny and Elkan, Transforming Classifier Scores into Accurate Multiclass Probability Estimates, KDD 2002.
    """

    name = "isotonic"
    title = "isotonic regression (a rising function for each label)"

    def fewest(self, classes: int) -> int:
        """Return how many calibration cases it needs."""
        return FEWEST

    def fit(self, item: TargetCalibration, logits: Array, labels: Labels) -> TargetCalibration:
        """Return `item` with the temperature and each label's function."""
        from sklearn.isotonic import IsotonicRegression  # loads slowly

        temperature = fit_temperature(logits, labels)
        said, steps = softmax(logits, temperature), []
        for place in range(said.shape[1]):
            curve = IsotonicRegression(y_min=0.0, y_max=1.0).fit(said[:, place], labels == place)
            corners = np.asarray(curve.X_thresholds_).tolist(), np.asarray(curve.y_thresholds_).tolist()
            steps.append(Steps(said=tuple(corners[0]), seen=tuple(corners[1])))
        numbers = IsotonicNumbers(steps=tuple(steps), cases=len(labels))
        return item.model_copy(update={"temperature": temperature, "isotonic": numbers})

    def apply(self, item: TargetCalibration, logits: Array) -> Floats:
        """Return probabilities [cases, classes]; by the temperature where there are no functions."""
        said, numbers = softmax(logits, item.temperature), item.isotonic
        if numbers is None:
            return said
        seen = np.stack([np.interp(said[:, k], step.said, step.seen) for k, step in enumerate(numbers.steps)], axis=1)
        mixed = (numbers.cases * seen + np.maximum(said, SMALLEST)) / (numbers.cases + 1)
        probabilities: Floats = mixed / mixed.sum(axis=1, keepdims=True)
        return probabilities
