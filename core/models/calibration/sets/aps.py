"""Adaptive sets: the most probable labels until they hold enough together."""

from collections.abc import Sequence

import numpy as np

from core.models.calibration.probabilities import Array, Booleans, Floats, Labels
from core.models.calibration.sets.base import ranked
from core.models.manifest import TargetCalibration


class Adaptive:
    """Scores a label by the sum of all probabilities down to its own: larger sets where the model is torn.

    With draws u the score is that sum minus u x p, which covers exactly; without, sets are a little larger and the same
    case always has the same set.

    Source
    ------
    Romano, Sesia and Candes, Classification with Valid and Adaptive Coverage, NeurIPS 2020. Given the same draws,
    equal to MAPIE 1.6.
    """

    name = "aps"
    title = "adaptive sets"
    fewest_classes = 3

    def scores(self, item: TargetCalibration, probabilities: Array, draws: Array | None = None) -> Floats:
        """Return the sum of probabilities from the top down to each label, [cases, classes]."""
        values, _, sums = ranked(probabilities)
        return sums if draws is None else sums - np.asarray(draws, dtype=np.float64)[:, None] * values

    def everything(self, item: TargetCalibration) -> float:
        """Return a threshold that rules nothing out."""
        return 2.0

    def tune(
        self, item: TargetCalibration, probabilities: Array, labels: Labels, groups: Sequence[str]
    ) -> tuple[TargetCalibration, Booleans]:
        """Return `item` as it is, and all cases."""
        return item, np.ones(len(labels), dtype=bool)
