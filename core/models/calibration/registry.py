"""Ways of turning logits into probabilities, by name."""

from core.contracts import CalibrationMethod
from core.models.calibration.base import Calibrator
from core.models.calibration.isotonic import IsotonicCalibration
from core.models.calibration.probabilities import Array, Floats
from core.models.calibration.temperature import TemperatureScaling
from core.models.calibration.vector import VectorScaling
from core.models.manifest import TargetCalibration


def calibrators() -> tuple[Calibrator, ...]:
    """Return every registered calibrator."""
    return TemperatureScaling(), VectorScaling(), IsotonicCalibration()


def calibrator(name: CalibrationMethod) -> Calibrator:
    """Return the calibrator of that name."""
    return next(one for one in calibrators() if one.name == name)


def calibrated(item: TargetCalibration, logits: Array) -> Floats:
    """Return the calibrated probabilities [cases, classes] of a version's logits [cases, classes].

    The one way from logits to the probabilities that people see, that are kept, and that are judged.
    """
    return calibrator(item.method).apply(item, logits)
