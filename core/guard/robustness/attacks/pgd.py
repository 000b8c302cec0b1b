"""Projected gradient ascent from a random start.

Source: Madry et al., Towards Deep Learning Models Resistant to Adversarial Attacks, ICLR 2018.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from core.contracts import AttackName
from core.guard.robustness.attacks.base import Loss, Slope, Victim, Worst, cross_entropy

REACH = 2.5
"""All steps together reach so many times epsilon, so that any allowed pixels can be reached from any other."""


def ascent(victim: Victim, start: Tensor, epsilon: Tensor, steps: int) -> Iterator[tuple[Tensor, Slope]]:
    """Yield pixels and slope before each of `steps` steps along the gradient's sign, and after the last."""
    pixels, length = start, REACH * epsilon[:, None] / max(1, steps)
    for _ in range(steps):
        slope = victim.slope(pixels, cross_entropy)
        yield pixels, slope
        pixels = victim.within(pixels + length * slope.gradient.sign(), epsilon)
    yield pixels, victim.slope(pixels, cross_entropy)


class ProjectedGradient:
    """Many small steps uphill from random starts; the worst pixels on the way count."""

    name: AttackName = "pgd"
    title = "Projected gradient"
    words = "Many small steps from a random start, each in the direction that hurts most."
    iterative = True
    restarts = 2

    def loss(self, classes: int) -> Loss:
        """Return cross entropy."""
        return cross_entropy

    def perturb(self, victim: Victim, epsilon: Tensor, steps: int, generator: torch.Generator) -> Tensor:
        """Return the worst pixels over all starts and steps; it ends as soon as every answer is wrong."""
        worst = Worst.begin(victim)
        for _ in range(self.restarts):
            for pixels, slope in ascent(victim, victim.random_start(epsilon, generator), epsilon, steps):
                worst.take(pixels, slope)
                if bool(worst.wrong.all()):
                    return worst.pixels
        return worst.pixels
