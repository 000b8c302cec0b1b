"""Group distributionally robust optimisation on sensitive groups: the group that fares worst weighs most.

Source: Sagawa, Koh, Hashimoto and Liang, Distributionally Robust Neural Networks for Group Shifts, ICLR 2020.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from core.contracts import FairnessAim
from core.fairness.membership import UNKNOWN, Membership
from core.learning.strategies.base import StrategyContext
from core.learning.strategies.fair import FairObjective, FairStrategy
from core.learning.strategies.group_dro import row_weights
from core.models.examples import NO_LABEL
from core.models.training import Objective


class FairWorstGroupStrategy(FairStrategy):
    """Learns most from the sensitive group that the model gets most wrong."""

    name = "fair_group_dro"
    title = "Worst-off group first"
    words = (
        "Sorts the cases by sensitive group (and by label, unless the worst group's error is what counts), and learns "
        "most from those that the model answers worst. It aims at no limit."
    )
    cost = 1.2

    def build(self, context: StrategyContext, aim: FairnessAim, own: Membership) -> Objective:
        """Return its objective."""
        return FairWorstGroupObjective(context, aim, own)


class FairWorstGroupObjective(FairObjective):
    """Cross entropy in which each group weighs by the exponential of its loss."""

    def __init__(self, context: StrategyContext, aim: FairnessAim, own: Membership) -> None:
        super().__init__(context, aim, own)
        classes = 1 if aim.metric == "worst_group" else len(self.target.classes)
        known = (own.train != UNKNOWN) & (self.labels != NO_LABEL)
        pairs = own.train * classes + (self.labels if classes > 1 else 0)
        self.groups = torch.where(known, pairs, torch.full_like(pairs, UNKNOWN))
        self.sizes = torch.bincount(self.groups[known], minlength=len(own.names) * classes)

    def trust(self, logits: Tensor, rows: Tensor) -> Mapping[str, Tensor]:
        """Return what the groups' present losses make of the weight of each case; 1 where the group is unknown."""
        given, name = dict(self.plain.trust(rows)), self.target.name
        weights = given.get(name, torch.ones(len(rows), device=logits.device)).clone()
        groups = self.groups[rows]
        known = torch.nonzero(groups != UNKNOWN).flatten()
        if len(known):
            own = logits[known.to(logits.device)]
            each = functional.cross_entropy(own, self.labels[rows[known]].to(own.device), reduction="none")
            weights[known] *= row_weights(each.cpu(), groups[known], self.sizes).to(weights.device)
        return {**given, name: weights}
