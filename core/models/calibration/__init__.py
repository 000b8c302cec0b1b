"""Probabilities that mean what they say, and sets of answers that can't be ruled out."""

from core.models.calibration.probabilities import expected_calibration_error, softmax
from core.models.calibration.registry import calibrated, calibrator, calibrators
from core.models.calibration.sets.answers import (
    answer_sets,
)
from core.models.calibration.sets.registry import set_rule, set_rules
from core.models.calibration.temperature import fit_temperature

__all__ = [
    "answer_sets",
    "calibrated",
    "calibrator",
    "calibrators",
    "expected_calibration_error",
    "fit_temperature",
    "set_rule",
    "set_rules",
    "softmax",
]
