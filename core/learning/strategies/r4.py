"""The worst values at marked places must not move the answer: R4.

The worst values are found by a few steps along the sign of the gradient of the change, from a random start, kept
plausible for the kind of field (projected gradient ascent).

Source: R4, robust right for the right reasons, 2025; Madry et al., Towards Deep Learning Models Resistant to
Adversarial Attacks, ICLR 2018 (the ascent).
"""

import torch
from torch import Tensor

from core.learning.strategies.entries import Opened
from core.learning.strategies.on_marks import GradientStrategy
from core.learning.strategies.perturbations import PERTURBATIONS
from core.learning.strategies.random_r4 import RandomPerturbationObjective, drawn, squared_change
from core.models.network import TandemNetwork

STEPS = 3


class WorstPerturbationObjective(RandomPerturbationObjective):
    """Ordinary cases that exchange marked content, and the squared change of log-probabilities by the worst values."""

    def perturbed(
        self, network: TandemNetwork, batch: Opened, places: dict[str, Tensor], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return entries' values with those at `places` that move the answer most."""
        values = {field: value.detach() for field, value in drawn(network, batch, places, generator).items()}
        with torch.no_grad():
            before = self.log_probabilities(network, batch, batch.values)
        for _ in range(STEPS):
            values = self._ascended(network, batch, places, before, values)
        return {field: torch.where(places[field], values[field], batch.values[field]) for field in values}

    def _ascended(
        self,
        network: TandemNetwork,
        batch: Opened,
        places: dict[str, Tensor],
        before: list[Tensor],
        values: dict[str, Tensor],
    ) -> dict[str, Tensor]:
        """Return values one step further."""
        points = {field: value.detach().requires_grad_() for field, value in values.items()}
        change = squared_change(before, self.log_probabilities(network, batch, points)).sum()
        uphill = torch.autograd.grad(change, list(points.values()))
        moved = {}
        for (field, point), gradient in zip(points.items(), uphill, strict=True):
            kind, encoder, entry = network.spec.field(field).kind, network.encoder(field), batch.entries[field]
            further = point + PERTURBATIONS[kind].step(entry, encoder) * gradient.sign()
            near = PERTURBATIONS[kind].plausible(further, entry, encoder)
            moved[field] = torch.where(places[field], near, point).detach()
        return moved


class WorstPerturbationStrategy(GradientStrategy):
    """The answer stays where it is whatever stands at marked places, the worst included."""

    name = "r4"
    title = "Worst changes at marks"
    words = (
        "Retrains on the corrected labels, exchanges marked content between cases, and asks that even the worst values "
        "at marked places leave the answer where it is (R4)."
    )
    cost = 6.0
    trains = WorstPerturbationObjective
