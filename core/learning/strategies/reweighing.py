"""Reweighing: cases weigh such that label and group are independent in what the model learns from."""

from dataclasses import replace

import torch

from core.contracts import FairnessAim
from core.fairness.membership import Membership
from core.fairness.training.reweighing import reweighing_weights
from core.learning.strategies.base import StrategyContext
from core.learning.strategies.fair import FairObjective, FairStrategy
from core.models.training import Objective


class ReweighingStrategy(FairStrategy):
    """Lets rare pairs of label and group count more."""

    name = "reweighing"
    title = "Weighed by group and label"
    words = (
        "Lets cases count more where their label is rare in their group, so that the model does not learn that a "
        "group and a label go together. It aims at no limit: how far the gap falls depends on the data."
    )
    cost = 1.1

    def build(self, context: StrategyContext, aim: FairnessAim, own: Membership) -> Objective:
        """Return its objective."""
        target = context.spec.target(str(aim.target))
        labels = context.train.labels[target.name]
        weights = reweighing_weights(labels, own.train, len(own.names), len(target.classes))
        given = dict(context.label_weights or {})
        given[target.name] = weights * given.get(target.name, torch.ones(len(weights)))
        return FairObjective(replace(context, label_weights=given), aim, own)
