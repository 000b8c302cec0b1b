"""One step along the sign of the gradient.

Source: Goodfellow, Shlens and Szegedy, Explaining and Harnessing Adversarial Examples, ICLR 2015.
"""

import torch
from torch import Tensor

from core.contracts import AttackName
from core.guard.robustness.attacks.base import Loss, Victim, cross_entropy


class FastGradientSign:
    """Changes every pixel by epsilon, in the direction that raises the loss."""

    name: AttackName = "fgsm"
    title = "Fast gradient sign"
    words = "One step: every pixel a little darker or brighter, whichever hurts more."
    iterative = False

    def loss(self, classes: int) -> Loss:
        """Return cross entropy."""
        return cross_entropy

    def perturb(self, victim: Victim, epsilon: Tensor, steps: int, generator: torch.Generator) -> Tensor:
        """Return the pixels after the step; `steps` and `generator` play no part."""
        slope = victim.slope(victim.pixels, cross_entropy)
        return victim.within(victim.pixels + epsilon[:, None] * slope.gradient.sign(), epsilon)
