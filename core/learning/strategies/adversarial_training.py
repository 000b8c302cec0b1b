"""Adversarial training: every training picture is attacked before the network learns from it.

Source: Madry et al., Towards Deep Learning Models Resistant to Adversarial Attacks, ICLR 2018. The step with the best
answers under attack on validation cases is kept: Rice, Wong and Kolter, Overfitting in Adversarially Robust Deep
Learning, ICML 2020.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from core.errors import Refused
from core.guard.robustness.attacks.base import Victim, epsilons
from core.guard.robustness.attacks.pgd import ascent
from core.guard.robustness.pictures import image_fields, open_pictures
from core.learning.strategies.base import Family, StrategyContext, supervised, typical_probability
from core.models.batching import cases_per_pass, passes
from core.models.examples import NO_LABEL
from core.models.network import TandemNetwork
from core.models.randomness import epoch_rows, generator_for
from core.models.training import Objective

STEPS = 5
"""Steps of the attack on a training picture."""
TRIED_STEPS = 10
"""Steps of the attack on a validation picture."""


class AdversarialTrainingStrategy:
    """Learns from attacked pictures, so that small changes of pixels no longer flip answers."""

    name = "adversarial_training"
    title = "Attacked pictures"
    words = (
        "Attacks every picture before learning from it, so that changes nobody sees flip fewer answers. Answers to "
        "untouched pictures often get a little worse. Marks are not used."
    )
    uses_regions = False
    family: Family = "robustness"
    cost = STEPS + 2.0

    def fits(self, context: StrategyContext) -> str | None:
        """Return why there is nothing to harden, if so: it needs a picture whose encoder learns."""
        pictures = image_fields(context.spec)
        if not pictures:
            return "There is no image field, and attacks change pixels. Use another strategy."
        if _hardened(context):
            return None
        return (
            f"The encoder of {', '.join(pictures)} is frozen, so it can't learn to resist attacks. Train the last "
            "blocks too, or use an encoder that learns."
        )

    def objective(self, context: StrategyContext) -> Objective:
        """Return its objective.

        Raises
        ------
        Refused
            When it does not fit.
        """
        reason = self.fits(context)
        if reason is not None:
            raise Refused(f"Strategy {self.name!r} can't be used here. {reason}")
        return AdversarialObjective(context, context.spec.training.adversarial_epsilon)


class AdversarialObjective:
    """Cross entropy on attacked pictures.

    Parameters
    ----------
    context
        What the retraining may use.
    epsilon
        Largest change of a pixel by the attack, as a share of the range.
    """

    def __init__(self, context: StrategyContext, epsilon: float) -> None:
        self.context, self.epsilon = context, epsilon
        self.plain = supervised(context)
        self.fields = _hardened(context)

    @property
    def steps_per_epoch(self) -> int:
        """Mini-batches in one pass over the training cases."""
        return self.plain.steps_per_epoch

    def loss(self, network: TandemNetwork, step: int, generator: torch.Generator) -> Tensor:
        """Return the loss of mini-batch `step` after an attack on it."""
        train, device = self.plain.train, self.context.device
        rows = epoch_rows(len(train), self.plain.batch_size, step, self.plain.seed)
        labels = train.batch_labels(rows, device)
        inputs = self.attacked(network, train.batch(rows, device), labels, STEPS, generator)
        return self.plain.losses(network, inputs, labels, self.plain.trust(rows)).loss

    def validation_score(self, network: TandemNetwork) -> float:
        """Return the typical probability of the right answer under attack: 0 to 1, higher is better."""
        cases, device = self.plain.validation, self.context.device
        generator = generator_for(self.context.seed, "attacked validation")
        rows, parts = torch.arange(len(cases)), []
        for part in passes(len(cases), cases_per_pass(cases.inputs, device)):
            labels = cases.batch_labels(rows[part], device)
            parts.append(
                network(self.attacked(network, cases.batch(rows[part], device), labels, TRIED_STEPS, generator))
            )
        joined = {target: torch.cat([part[target] for part in parts]) for target in network.targets}
        return typical_probability(self.plain, joined, cases.batch_labels(rows, device))

    def attacked(
        self,
        network: TandemNetwork,
        inputs: Mapping[str, Tensor],
        labels: Mapping[str, Tensor],
        steps: int,
        generator: torch.Generator,
    ) -> dict[str, Tensor]:
        """Return inputs whose pictures are attacked by projected gradient, at one target drawn by `generator`."""
        target = network.targets[int(torch.randint(len(network.targets), (1,), generator=generator))]
        training = network.training
        network.eval()
        try:
            pictures = open_pictures(network, inputs, self.fields)
            victim = Victim.of(pictures, target, labels[target])
            with torch.no_grad():
                own = victim.logits(victim.pixels).argmax(dim=1)
            victim = Victim.of(pictures, target, torch.where(labels[target] == NO_LABEL, own, labels[target]))
            reach = epsilons(victim, self.epsilon)
            *_, (pixels, _) = ascent(victim, victim.random_start(reach, generator), reach, steps)
        finally:
            network.train(training)
        return {**inputs, **pictures.unrolled(pixels)}


def _hardened(context: StrategyContext) -> tuple[str, ...]:
    """Return the image fields whose encoder learns."""
    return tuple(name for name in image_fields(context.spec) if name not in context.network.frozen_fields)
