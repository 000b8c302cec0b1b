"""All gate checks, in the order of the report."""

from core.learning.checks.accuracy import AccuracyCheck
from core.learning.checks.attribution import AttributionCheck
from core.learning.checks.base import GateCheck
from core.learning.checks.calibration import CalibrationCheck
from core.learning.checks.classes import ClassCheck
from core.learning.checks.costs import CostCheck
from core.learning.checks.fairness import FairnessCheck
from core.learning.checks.groups import GroupCheck
from core.learning.checks.marks import MarksCheck
from core.learning.checks.reliance import RelianceCheck


def checks() -> tuple[GateCheck, ...]:
    """Return every registered check."""
    return (
        AccuracyCheck(),
        RelianceCheck(),
        MarksCheck(),
        AttributionCheck(),
        ClassCheck(),
        GroupCheck(),
        FairnessCheck(),
        CalibrationCheck(),
        CostCheck(),
    )
