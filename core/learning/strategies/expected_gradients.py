"""Attribution prior: expected gradients vanish at marked places.

Source: Erion et al., Improving Performance of Deep Learning Models with Axiomatic Attribution Priors and Expected
Gradients, Nature Machine Intelligence 2021.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from core.learning.marks import MarkedExamples, tensors
from core.learning.strategies.entries import Opened, answers, opened, weighted_mean, wrong_places
from core.learning.strategies.marked_objective import MarkedObjective
from core.learning.strategies.on_marks import GradientStrategy
from core.models.network import TandemNetwork

SAMPLES = 2
"""References for each annotated case and step; over many steps they add up to a good mean."""


class ExpectedGradientsObjective(MarkedObjective):
    """Ordinary cases that exchange marked content, and squared attributions there, with other cases as references."""

    exchanges = True

    def penalty(self, network: TandemNetwork, marked: MarkedExamples, generator: torch.Generator) -> Tensor:
        """Return the squared expected gradients at wrong places, a mean over annotated cases; 0 or more."""
        batch = opened(network, tensors(marked.examples, self.context.device))
        drawn = [self._attributions(network, batch, generator) for _ in range(SAMPLES)]
        rows = torch.zeros(len(marked), device=self.context.device)
        for field, values in batch.values.items():
            mean = torch.stack([sample[field] for sample in drawn]).mean(dim=0)
            rows = rows + (mean.pow(2) * wrong_places(field, marked, values)).flatten(1).sum(dim=1)
        return weighted_mean(rows, marked)

    def _attributions(self, network: TandemNetwork, batch: Opened, generator: torch.Generator) -> Mapping[str, Tensor]:
        """Return (x - reference) x gradient at a random point between, by field: one sample of the expectation."""
        train, values = self.plain.train, batch.values
        count = len(next(iter(values.values())))
        others = train.batch(torch.randint(len(train), (count,), generator=generator), self.context.device)
        share = torch.rand(count, generator=generator).to(self.context.device)
        away, points = {}, {}
        for field, value in values.items():
            away[field] = value - network.encoder(field).enter(others[field]).values
            part = share.view(-1, *([1] * (value.dim() - 1)))
            points[field] = value - (1 - part) * away[field]
        found = answers(network, batch, points).values()
        score = torch.stack([torch.log_softmax(logits, dim=1).sum() for logits in found]).sum()
        gradients = torch.autograd.grad(score, list(points.values()), create_graph=True)
        return {field: away[field] * gradient for field, gradient in zip(points, gradients, strict=True)}


class ExpectedGradientsStrategy(GradientStrategy):
    """Attribution at marked places vanishes, seen from other cases rather than from a blank."""

    name = "expected_gradients"
    title = "Attribution penalty"
    words = (
        "Retrains on the corrected labels, exchanges marked content between cases, and asks that marked places explain "
        "nothing of the answer, compared with other cases (expected gradients)."
    )
    cost = 5.0
    trains = ExpectedGradientsObjective
