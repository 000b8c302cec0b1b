"""Random values at marked places must not move the answer: random-R4."""

import torch
from torch import Tensor

from core.learning.marks import MarkedExamples, tensors
from core.learning.strategies.entries import Opened, answers, opened, weighted_mean, wrong_region
from core.learning.strategies.marked_objective import MarkedObjective
from core.learning.strategies.on_marks import GradientStrategy
from core.learning.strategies.perturbations import PERTURBATIONS
from core.models.network import TandemNetwork
from core.models.randomness import seeded


class RandomPerturbationObjective(MarkedObjective):
    """Ordinary cases that exchange marked content, and the squared change of log-probabilities by other values there.

    Without the exchange the shortcut keeps the classification loss near zero, and with it the cap. Measured where the
    signal beside a corner patch is faint, 12 marks: .69 of the answers still change with the patch, .03 with it.
    """

    exchanges = True
    hidden_alike = 0
    """Seed of what dropout and missing fields hide in this step."""

    def penalty(self, network: TandemNetwork, marked: MarkedExamples, generator: torch.Generator) -> Tensor:
        """Return the mean squared change of log-probabilities over annotated cases; 0 or more."""
        batch = opened(network, tensors(marked.examples, self.context.device))
        self.hidden_alike = int(torch.randint(2**31, (), generator=generator))
        places, weights = wrong_region(marked, batch)
        before = self.log_probabilities(network, batch, batch.values)
        moved = self.perturbed(network, batch, places, generator)
        return weighted_mean(weights * squared_change(before, self.log_probabilities(network, batch, moved)), marked)

    def perturbed(
        self, network: TandemNetwork, batch: Opened, places: dict[str, Tensor], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return entries' values with other ones at `places`: here drawn at random."""
        return drawn(network, batch, places, generator)

    def log_probabilities(self, network: TandemNetwork, batch: Opened, values: dict[str, Tensor]) -> list[Tensor]:
        """Return each target's log-probabilities [rows, classes]; what training hides is hidden alike each time."""
        with seeded(self.context.device, self.hidden_alike, "perturbed"):
            return [torch.log_softmax(logits, dim=1) for logits in answers(network, batch, values).values()]


def drawn(
    network: TandemNetwork, batch: Opened, places: dict[str, Tensor], generator: torch.Generator
) -> dict[str, Tensor]:
    """Return entries' values with random plausible ones at `places`."""
    kinds = {field.name: field.kind for field in network.spec.fields}
    return {
        field: torch.where(
            places[field],
            PERTURBATIONS[kinds[field]].draw(entry, network.encoder(field), generator),
            entry.values,
        )
        for field, entry in batch.entries.items()
    }


def squared_change(before: list[Tensor], after: list[Tensor]) -> Tensor:
    """Return, per row, the squared change of log-probabilities: mean over classes, summed over targets; [rows]."""
    changes = [(new - old).pow(2).mean(dim=1) for old, new in zip(before, after, strict=True)]
    return torch.stack(changes).sum(dim=0)


class RandomPerturbationStrategy(GradientStrategy):
    """The answer stays where it is whatever random values stand at marked places."""

    name = "random_r4"
    title = "Random changes at marks"
    words = (
        "Retrains on the corrected labels, exchanges marked content between cases, and asks that random values at "
        "marked places leave the answer where it is (random-R4)."
    )
    cost = 2.5
    trains = RandomPerturbationObjective
