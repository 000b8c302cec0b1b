"""Least ambiguous sets: every label that is probable enough."""

from collections.abc import Sequence

import numpy as np

from core.models.calibration.probabilities import Array, Booleans, Floats, Labels
from core.models.manifest import TargetCalibration


class LeastAmbiguous:
    """Scores a label by 1 - p: the smallest sets on average, with coverage that may differ between easy and hard cases.

    Source
    ------
    Sadinle, Lei and Wasserman, Least Ambiguous Set-Valued Classifiers with Bounded Error Levels, JASA 2019. Equal to
    MAPIE 1.6.
    """

    name = "lac"
    title = "least ambiguous sets"
    fewest_classes = 2

    def scores(self, item: TargetCalibration, probabilities: Array, draws: Array | None = None) -> Floats:
        """Return 1 - p, [cases, classes]."""
        return np.asarray(1.0 - np.asarray(probabilities, dtype=np.float64))

    def everything(self, item: TargetCalibration) -> float:
        """Return a threshold that rules nothing out."""
        return 1.0

    def tune(
        self, item: TargetCalibration, probabilities: Array, labels: Labels, groups: Sequence[str]
    ) -> tuple[TargetCalibration, Booleans]:
        """Return `item` as it is, and all cases."""
        return item, np.ones(len(labels), dtype=bool)
