"""All corruptions."""

from core.guard.robustness.corruptions.base import Corruption
from core.guard.robustness.corruptions.blur import Blur
from core.guard.robustness.corruptions.contrast import Contrast
from core.guard.robustness.corruptions.jpeg import Jpeg
from core.guard.robustness.corruptions.noise import Noise
from core.guard.robustness.corruptions.rotation import Rotation


def corruptions() -> tuple[Corruption, ...]:
    """Return every registered corruption."""
    return Noise(), Blur(), Jpeg(), Contrast(), Rotation()
