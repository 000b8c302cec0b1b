"""Counterexamples only: annotated cases with their marked content replaced, no gradient penalty."""

import torch
from torch import Tensor

from core.learning.strategies.base import StrategyContext
from core.learning.strategies.guided import GuidedObjective
from core.learning.strategies.guided_pairs import PairsObjective
from core.learning.strategies.labels import LabelsStrategy
from core.models.network import TandemNetwork
from core.models.training import Objective


class CounterexamplesStrategy:
    """CAIPI: teaches by example alone; cheaper than the gradient penalty and needs more marks."""

    name = "counterexamples"
    title = "Counterexamples"
    words = "Retrains on the corrected labels and on copies of marked cases whose marked content was replaced."
    uses_regions = True

    def objective(self, context: StrategyContext) -> Objective:
        """Return the objective that fits the network."""
        if not len(context.marked):
            return LabelsStrategy().objective(context)
        return PairsObjective(context) if context.network.frozen_fields else CounterexamplesObjective(context)


class CounterexamplesObjective(GuidedObjective):
    """The guided objective without its penalty."""

    def loss(self, network: TandemNetwork, step: int, generator: torch.Generator) -> Tensor:
        """Return classification loss on ordinary cases and counterexamples."""
        return self._classification(network, step, generator)[0]
