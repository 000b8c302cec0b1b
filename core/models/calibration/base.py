"""What every way of turning logits into probabilities has."""

from typing import Protocol

from core.models.calibration.probabilities import Array, Floats, Labels
from core.models.manifest import TargetCalibration


class Calibrator(Protocol):
    """Learns from calibration cases how sure the network may be, and says it of new logits."""

    @property
    def name(self) -> str:
        """Its name in a workspace file."""

    @property
    def title(self) -> str:
        """What it does, in the reader's words."""

    def fewest(self, classes: int) -> int:
        """Return how many calibration cases it needs."""

    def fit(self, item: TargetCalibration, logits: Array, labels: Labels) -> TargetCalibration:
        """Return `item` with this method's numbers, learnt from logits [cases, classes] and labels [cases]."""

    def apply(self, item: TargetCalibration, logits: Array) -> Floats:
        """Return probabilities [cases, classes], each above 0 as far as floats reach, with sum 1."""
