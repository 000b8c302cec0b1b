"""All attacks."""

from core.errors import NotFound
from core.guard.robustness.attacks.auto_pgd import AutoProjectedGradient
from core.guard.robustness.attacks.base import Attack
from core.guard.robustness.attacks.fgsm import FastGradientSign
from core.guard.robustness.attacks.pgd import ProjectedGradient


def attacks() -> tuple[Attack, ...]:
    """Return every registered attack, the weakest first."""
    return FastGradientSign(), ProjectedGradient(), AutoProjectedGradient()


def attack(name: str) -> Attack:
    """Return the attack called `name`.

    Raises
    ------
    NotFound
        Names the known ones.
    """
    for item in attacks():
        if item.name == name:
            return item
    raise NotFound(f"No attack {name!r}. Known: {', '.join(item.name for item in attacks())}.")
