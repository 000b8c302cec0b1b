"""Group distributionally robust optimisation: the groups that fare worst weigh most.

The groups' weights are the exponentials of their present losses, not of all losses so far, so that a step depends on
nothing but the weights before it.

Source: Sagawa, Koh, Hashimoto and Liang, Distributionally Robust Neural Networks for Group Shifts, ICLR 2020.
"""

import torch
from torch import Tensor

from core.learning.strategies.base import Family, StrategyContext
from core.learning.strategies.grouped import GroupedObjective, Grouping
from core.learning.strategies.on_marks import MarkStrategy
from core.models.examples import NO_LABEL
from core.models.network import TandemNetwork
from core.models.training import Objective

SHARPNESS = 1.0
"""How strongly a group's loss raises its weight: 0 balances the groups, infinity looks at the worst alone."""
ADJUSTMENT = 1.0
"""Added to a group's loss, divided by the root of its size: small groups generalise worse than their loss says."""


class WorstGroupStrategy(MarkStrategy):
    """Learns most from the class and marked content that the model gets most wrong."""

    name = "group_dro"
    title = "Worst group first"
    words = (
        "Sorts the cases by label and by the marked content that they carry, and learns most from the groups that the "
        "model answers worst."
    )
    family: Family = "examples"
    cost = 1.5

    def build(self, context: StrategyContext) -> Objective:
        """Return its objective."""
        return WorstGroupObjective(context)


class WorstGroupObjective(GroupedObjective):
    """Cross entropy in which each group weighs by the exponential of its loss."""

    def group_loss(self, network: TandemNetwork, grouping: Grouping, rows: Tensor, groups: Tensor) -> Tensor:
        """Return the groups' losses weighed by how bad they are."""
        device = self.context.device
        vectors = network.encode(self.pool.batch(rows, device))
        logits, labels = network.decide(network.fusion(vectors)), self.pool.batch_labels(rows, device)
        each = torch.nn.functional.cross_entropy(
            logits[grouping.target].detach(), labels[grouping.target], ignore_index=NO_LABEL, reduction="none"
        )
        sizes = torch.tensor([len(members) for members in grouping.members])
        trust = row_weights(each.cpu(), groups, sizes).to(device)
        return self.plain.aligned(network, vectors, logits, labels, dict.fromkeys(labels, trust)).loss


def group_weights(losses: Tensor, sizes: Tensor) -> Tensor:
    """Return the weight of each group [groups], sum 1: proportional to exp(loss + adjustment / root of its size).

    Examples
    --------
    >>> group_weights(torch.tensor([0.0, 1.0986]), torch.tensor([4, 4]))
    tensor([0.2500, 0.7500])
    """
    weights: Tensor = torch.softmax(SHARPNESS * (losses + ADJUSTMENT / sizes.sqrt()), dim=0)
    return weights


def row_weights(each: Tensor, groups: Tensor, sizes: Tensor) -> Tensor:
    """Return weights [rows], mean 1, with which the mean of row losses is the weighted sum of the groups' mean losses.

    `each` are row losses, `groups` say which group a row is of, and `sizes` how large each group is.
    """
    counts = torch.bincount(groups, minlength=len(sizes))
    there = counts > 0
    means = torch.zeros(len(sizes)).index_add(0, groups, each.float()) / counts.clamp(min=1)
    weights = torch.zeros(len(sizes))
    weights[there] = group_weights(means[there], sizes[there])
    return weights[groups] * len(groups) / counts[groups]
