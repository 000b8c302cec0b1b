"""Ways of making answer sets, by name."""

from core.contracts import SetMethod
from core.models.calibration.sets.aps import Adaptive
from core.models.calibration.sets.base import SetRule
from core.models.calibration.sets.lac import LeastAmbiguous
from core.models.calibration.sets.raps import RegularisedAdaptive


def set_rules() -> tuple[SetRule, ...]:
    """Return every registered rule."""
    return LeastAmbiguous(), Adaptive(), RegularisedAdaptive()


def set_rule(name: SetMethod) -> SetRule:
    """Return the rule of that name."""
    return next(one for one in set_rules() if one.name == name)
