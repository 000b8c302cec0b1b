"""A detector with its threshold: how unlike a case may be before it is left to people."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.contracts import OutlierMethod
from core.guard.outliers.base import Array, Seen, State
from core.guard.outliers.registry import OUTLIERS

CALIBRATION, INDEPENDENT = "calibration", "independent"
"""Names under which scores of calibration cases are kept in the state: of all, and of one of each group."""
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class FittedOutliers:
    """A detector that knows a version's training cases."""

    method: OutlierMethod
    state: State
    """The detector's numbers, and the scores of the calibration cases: of all, and of one of each group; ascending."""
    threshold: float
    """Largest score of a case that is not called an outlier."""

    @property
    def calibration(self) -> Array:
        """Scores of the calibration cases, ascending."""
        scores: Array = self.state[CALIBRATION].astype(np.float64)
        return scores

    @property
    def independent(self) -> Array:
        """Scores of one calibration case of each group, ascending: what later cases are held against."""
        scores: Array = self.state[INDEPENDENT].astype(np.float64)
        return scores

    def score(self, cases: Seen) -> Array:
        """Return how unlike the training cases each case is [n]; higher is less like them."""
        return OUTLIERS[self.method].score(self.state, cases)


def outlier_threshold(scores: Array, share: float) -> float:
    """Return the score that at most `share` of the calibration cases [n] exceed; never below their largest but few.

    It is the ceil((1 - share) x n)-th smallest score: with few cases the largest, which a case like them exceeds with
    a chance of 1 / (n + 1).
    """
    rank = math.ceil(round((1 - share) * len(scores), 9))
    return float(np.sort(scores)[max(rank, 1) - 1])


def fit_outliers(
    method: OutlierMethod, training: Seen, calibration: Seen, share: float, independent: Rows | None = None
) -> FittedOutliers | None:
    """Fit a detector on training cases, and its threshold on calibration cases.

    `independent` names one calibration case of each group (a patient, say); all are independent when it is left out.
    None for the method `none`, and where there are no training or no calibration cases.
    """
    if method == "none" or not len(training) or not len(calibration):
        return None
    detector = OUTLIERS[method]
    state = detector.fit(training)
    scores = detector.score(state, calibration).astype(np.float32)
    alone = scores if independent is None else scores[independent]
    state = {**state, CALIBRATION: np.sort(scores), INDEPENDENT: np.sort(alone)}
    return FittedOutliers(method, state, outlier_threshold(scores.astype(np.float64), share))
