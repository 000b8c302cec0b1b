"""All rules of deferral, in the order of the page."""

from core.team.deferral.base import DeferralRule
from core.team.deferral.confidence import Confidence
from core.team.deferral.conformal import Conformal
from core.team.deferral.learned import Learned


def deferral_rules() -> tuple[DeferralRule, ...]:
    """Return every registered rule."""
    return Confidence(), Conformal(), Learned()
