"""Deep feature reweighting: what follows the encoders is retrained on cases balanced by class and artefact.

Source: Kirichenko, Izmailov and Wilson, Last Layer Re-Training is Sufficient for Robustness to Spurious
Correlations, ICLR 2023.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from core.learning.strategies.base import Family, StrategyContext
from core.learning.strategies.entries import trained_fields
from core.learning.strategies.grouped import GroupedObjective, Grouping
from core.learning.strategies.on_marks import MarkStrategy
from core.models.network import TandemNetwork
from core.models.scope import opened_backbones
from core.models.training import Objective

UNFINISHED = 0.5
"""How much a validation score counts before the encoders are held."""
SOLVED, PART = 4000, 256
"""Balanced cases that a logistic regression learns from, and how many are encoded at once."""
STRENGTHS = (1.0, 0.1, 0.01)
"""Inverse weights of its L2 penalty, on standardised vectors, that are tried."""
ABSENT = -10.0
"""Logit of a class that no case has."""
FEATURES = 0.5
"""Share of the epochs in which encoders that learn are trained on all labels, before they are held."""


class LastLayerStrategy(MarkStrategy):
    """Keeps what the encoders see and balances what is made of it."""

    name = "dfr"
    title = "Balanced last layer"
    words = (
        "Keeps what the encoders have learnt and retrains what follows them on cases in which the marked content goes "
        "with every label equally often."
    )
    family: Family = "last layer"
    cost = 1.5

    def build(self, context: StrategyContext) -> Objective:
        """Return its objective."""
        return LastLayerObjective(context)


class LastLayerObjective(GroupedObjective):
    """Ordinary training first where encoders learn, then the rest on group-balanced cases."""

    def __init__(self, context: StrategyContext) -> None:
        super().__init__(context)
        learns = _encoders_learn(context.network) and not opened_backbones(context.network)
        self.step = 0
        self.first = int(FEATURES * context.spec.training.epochs) * self.steps_per_epoch if learns else 0

    def loss(self, network: TandemNetwork, step: int, generator: torch.Generator) -> Tensor:
        """Return the plain loss in the first half of the epochs where encoders learn, then the balanced one."""
        self.step = step
        if step < self.first:
            return self.plain.loss(network, step, generator)
        if step == self.first:
            self.solve(network, generator)
        return super().loss(network, step, generator)

    def validation_score(self, network: TandemNetwork) -> float:
        """Return the typical probability of the right answer with marked content exchanged, 0 to 1, higher is better.

        It counts half while the encoders learn: an answer that says nothing yet looks better than one that has just
        lost its shortcut, and is not what is wanted.
        """
        score = super().validation_score(network)
        return score if self.step >= self.first else UNFINISHED * score

    def solve(self, network: TandemNetwork, generator: torch.Generator) -> None:
        """Put into each head the logistic regression on balanced cases, of the strength that validates best.

        Training goes on from there; from the head that it had, it would need very many steps.
        """
        network.eval()
        with torch.no_grad():
            for target in dict.fromkeys(grouping.target for grouping in self.groupings):
                head = network.heads[f"target_{target}"]
                if isinstance(head, nn.Linear):
                    self._solve(network, head, target, generator)
        network.train()

    def _solve(self, network: TandemNetwork, head: nn.Linear, target: str, generator: torch.Generator) -> None:
        fused, labels = self._balanced(network, target, generator)
        scored = []
        for weight, bias in logistic_heads(fused, labels, head.out_features):
            _put(head, weight, bias)
            scored.append((self.validation_score(network), weight, bias))
        _, weight, bias = max(scored, key=lambda found: found[0])
        _put(head, weight, bias)

    def _balanced(self, network: TandemNetwork, target: str, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return fused vectors [cases, dim] and labels [cases] of group-balanced cases."""
        own = [grouping for grouping in self.groupings if grouping.target == target]
        rows = torch.cat([grouping.draw(SOLVED // len(own), generator)[0] for grouping in own])
        several, place = np.unique(rows.numpy(), return_inverse=True)
        parts = [
            self.pool.batch(several[start : start + PART].tolist(), self.context.device)
            for start in range(0, len(several), PART)
        ]
        fused = torch.cat([network.embed(part).cpu().float() for part in parts])
        return fused[torch.from_numpy(place)], self.pool.labels[target][rows]

    def group_loss(self, network: TandemNetwork, grouping: Grouping, rows: Tensor, groups: Tensor) -> Tensor:
        """Return the mean cross entropy; no gradient reaches an encoder."""
        with torch.no_grad():
            vectors = network.encode(self.pool.batch(rows, self.context.device))
        logits = network.decide(network.fusion(vectors))
        return self.plain.judged(network, logits, self.pool.batch_labels(rows, self.context.device)).loss


def _encoders_learn(network: TandemNetwork) -> bool:
    weights = (weight for field in trained_fields(network) for weight in network.encoder(field).parameters())
    return any(weight.requires_grad for weight in weights)


def _put(head: nn.Linear, weight: Tensor, bias: Tensor) -> None:
    head.weight.copy_(weight)
    head.bias.copy_(bias)


def logistic_heads(fused: Tensor, labels: Tensor, classes: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Return weight [classes, dim] and bias [classes] of a logistic regression, for each strength of its penalty."""
    from sklearn.linear_model import LogisticRegression  # loads slowly

    mean, scale = fused.mean(dim=0), fused.std(dim=0, correction=0).clamp(min=1e-6)
    vectors = ((fused - mean) / scale).numpy()
    for strength in STRENGTHS:
        found = LogisticRegression(C=strength, max_iter=500).fit(vectors, labels.numpy())
        slopes, starts = torch.tensor(found.coef_).float(), torch.tensor(found.intercept_).float()
        if len(found.classes_) == 2:
            slopes, starts = torch.cat([-slopes, slopes]) / 2, torch.cat([-starts, starts]) / 2
        weight, bias = torch.zeros(classes, fused.shape[1]), torch.full((classes,), ABSENT)
        there = torch.tensor(found.classes_)
        weight[there] = slopes / scale
        bias[there] = starts - (slopes / scale) @ mean
        yield weight, bias
