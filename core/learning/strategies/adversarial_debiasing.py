"""Adversarial debiasing: the model learns answers from which nobody can tell the group."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from core.contracts import FairnessAim
from core.fairness.membership import UNKNOWN, Membership
from core.fairness.training.adversary import Adversary
from core.learning.strategies.base import StrategyContext
from core.learning.strategies.fair import FairObjective, FairStrategy
from core.models.examples import NO_LABEL
from core.models.training import Objective

STRENGTH = 1.0
WARM_UP = 0.2
"""Share of the training over which the adversary gets its full say: before that there is nothing to hide."""


class AdversarialStrategy(FairStrategy):
    """Lets an adversary guess the group from the answers, and unlearns what it guesses by."""

    name = "adversarial_debiasing"
    title = "Answers that hide the group"
    words = (
        "Trains a second, small network that guesses the group from the model's answers, and teaches the model to "
        "leave it nothing to go by. It aims at no limit, and the attribute is needed for training only."
    )
    cost = 1.5

    def build(self, context: StrategyContext, aim: FairnessAim, own: Membership) -> Objective:
        """Return its objective."""
        return AdversarialObjective(context, aim, own)


class AdversarialObjective(FairObjective):
    """Cross entropy and the reversed loss of an adversary that reads the logits, and the label for odds.

    For equal opportunity it sees positive cases alone.
    """

    def __init__(self, context: StrategyContext, aim: FairnessAim, own: Membership) -> None:
        super().__init__(context, aim, own)
        classes = len(self.target.classes)
        self.labelled = aim.metric in ("equalised_odds", "worst_group")
        self.adversary = Adversary(classes * (2 if self.labelled else 1), len(own.names), context.seed)
        counts = torch.bincount(own.train[own.train != UNKNOWN], minlength=len(own.names)).float()
        self.importance = counts.sum() / (len(counts) * counts.clamp(min=1))

    def added(self, logits: Tensor, labels: Tensor, rows: Tensor, step: int) -> Tensor:
        """Return the adversary's loss, reversed towards the network."""
        groups = self.own.train[rows].to(logits.device)
        seen = (groups != UNKNOWN) & (labels != NO_LABEL)
        if self.aim.metric == "equal_opportunity":
            seen &= labels == self.positive
        if not bool(seen.any()):
            return logits.sum() * 0.0
        read = torch.log_softmax(logits[seen], dim=1)
        if self.labelled:
            read = torch.cat([read, functional.one_hot(labels[seen], logits.shape[1]).float()], dim=1)
        share = min(1.0, step / max(1.0, WARM_UP * self.steps))
        return STRENGTH * share * self.adversary.loss(read, groups[seen], self.importance.to(logits.device))

    def memory(self) -> Mapping[str, Tensor]:
        """Return the adversary's weights and speed."""
        return self.adversary.memory()

    def recall(self, memory: Mapping[str, Tensor]) -> None:
        """Go on from what was remembered."""
        if memory:
            self.adversary.recall(memory)
