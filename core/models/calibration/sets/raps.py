"""Regularised adaptive sets: adaptive ones that pay for each label beyond the usual number."""

from collections.abc import Sequence

import numpy as np

from core.models.calibration.probabilities import Array, Booleans, Floats, Labels
from core.models.calibration.sets.aps import Adaptive
from core.models.calibration.sets.base import ROUNDING, of_truth, order_statistic, ranked
from core.models.manifest import TargetCalibration

PENALTIES = (0.001, 0.01, 0.1, 0.2, 0.5)
"""The paper's."""
TUNING_SHARE = 0.2
FEWEST_TUNING = 50
SEED = 0
UNTUNED = "too few calibration cases to choose the penalty of regularised sets: they are plain adaptive sets"


class RegularisedAdaptive:
    """Scores a label as adaptive sets do, plus `penalty` x (its rank - `free_labels`) where that is positive.

    A fifth of the calibration cases, whole groups, chooses both numbers and no threshold: `free_labels` is the rank
    that the right label keeps to with the wanted coverage, `penalty` gives the smallest sets.

    Source
    ------
    Angelopoulos, Bates, Malik and Jordan, Uncertainty Sets for Image Classifiers Using Conformal Prediction, ICLR 2021.
    """

    name = "raps"
    title = "regularised adaptive sets"
    fewest_classes = 3

    def scores(self, item: TargetCalibration, probabilities: Array, draws: Array | None = None) -> Floats:
        """Return the penalised sum of probabilities from the top down to each label, [cases, classes]."""
        _, places, _ = ranked(probabilities)
        plain = Adaptive().scores(item, probabilities, draws)
        return np.asarray(plain + item.penalty * np.maximum(0.0, places - item.free_labels))

    def everything(self, item: TargetCalibration) -> float:
        """Return a threshold that rules nothing out."""
        return 2.0 + item.penalty * len(item.classes)

    def tune(
        self, item: TargetCalibration, probabilities: Array, labels: Labels, groups: Sequence[str]
    ) -> tuple[TargetCalibration, Booleans]:
        """Return `item` with penalty and free labels, and the cases that are left to choose the threshold."""
        part = _tuning_part(groups)
        values, truth = np.asarray(probabilities, dtype=np.float64)[part], labels[part]
        free = (
            order_statistic(of_truth(ranked(values)[1], truth), item.coverage) if len(truth) >= FEWEST_TUNING else None
        )
        if free is None:
            return item.model_copy(update={"notes": (*item.notes, UNTUNED)}), np.ones(len(labels), dtype=bool)
        tried = [item.model_copy(update={"free_labels": int(free), "penalty": one}) for one in PENALTIES]
        return min(tried, key=lambda one: self._mean_size(one, values, truth)), ~part

    def _mean_size(self, item: TargetCalibration, probabilities: Floats, labels: Labels) -> float:
        scores = self.scores(item, probabilities)
        threshold = order_statistic(of_truth(scores, labels), item.coverage)
        return np.inf if threshold is None else float((scores <= threshold + ROUNDING).sum(axis=1).mean())


def _tuning_part(groups: Sequence[str]) -> Booleans:
    """Return which cases choose the penalty: a fifth of the groups, the same each time."""
    names, member = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    order = np.random.default_rng(SEED).permutation(len(names))
    return np.asarray(order[member] < TUNING_SHARE * len(names))
