"""What every way of making answer sets has, and the order statistic that all of them share."""

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from core.models.calibration.probabilities import Array, Booleans, Floats, Labels
from core.models.calibration.temperature import MINIMUM_CASES
from core.models.manifest import TargetCalibration

ROUNDING = float(np.finfo(np.float64).eps)
"""Tolerance when a score is held against the threshold."""


class SetRule(Protocol):
    """Scores every label of a case; labels whose score is at most the threshold stay in the set."""

    @property
    def name(self) -> str:
        """Its name in a workspace file."""

    @property
    def title(self) -> str:
        """What it does, in the reader's words."""

    @property
    def fewest_classes(self) -> int:
        """With fewer classes it is refused."""

    def scores(self, item: TargetCalibration, probabilities: Array, draws: Array | None = None) -> Floats:
        """Return the score of each label [cases, classes]; the higher, the less the label fits.

        `draws` [cases], uniform on 0 to 1, give the randomised form where there is one; the product uses the other.
        """

    def everything(self, item: TargetCalibration) -> float:
        """Return a threshold that rules nothing out."""

    def tune(
        self, item: TargetCalibration, probabilities: Array, labels: Labels, groups: Sequence[str]
    ) -> tuple[TargetCalibration, Booleans]:
        """Return `item` with the rule's own numbers, and the cases [cases] that are left to choose the threshold."""


def order_statistic(scores: Array, coverage: float) -> float | None:
    """Return the ceil((n + 1) x coverage)-th smallest of n scores; None where n is too small for that.

    A new case from the same source scores at most that with a probability of at least `coverage`.

    Source
    ------
    Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2005 (split conformal prediction).
    """
    count, risk = len(scores), round(1 - coverage, 12)
    rank = math.ceil((count + 1) * (1 - risk))  # in MAPIE's order of operations, so that it rounds alike
    if count < MINIMUM_CASES or rank > count:
        return None
    return float(np.sort(scores)[rank - 1])


def of_truth(values: Array, labels: Labels) -> Floats:
    """Return what `values` [cases, classes] say of the right label, [cases]."""
    return np.asarray(values, dtype=np.float64)[np.arange(len(labels)), labels]


def ranked(probabilities: Array) -> tuple[Floats, Floats, Floats]:
    """Return probabilities as floats, each label's place from 1, and the sum of those up to and with it.

    All [cases, classes], in the classes' order; equal probabilities are ranked in that order.
    """
    values = np.asarray(probabilities, dtype=np.float64)
    order = np.argsort(-values, axis=1, kind="stable")
    places, sums = np.empty_like(values), np.empty_like(values)
    np.put_along_axis(places, order, np.broadcast_to(np.arange(1.0, values.shape[1] + 1), values.shape), axis=1)
    np.put_along_axis(sums, order, np.cumsum(np.take_along_axis(values, order, axis=1), axis=1), axis=1)
    return values, places, sums
