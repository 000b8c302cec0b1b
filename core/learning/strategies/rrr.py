"""Right for the right reasons: the input-gradient penalty alone, kept at or below the classification loss.

Source: Ross, Hughes and Doshi-Velez, Right for the Right Reasons, IJCAI 2017.
"""

import torch
from torch import Tensor

from core.learning.marks import MarkedExamples, tensors
from core.learning.strategies.entries import gradient_penalty
from core.learning.strategies.marked_objective import MarkedObjective
from core.learning.strategies.on_marks import GradientStrategy
from core.models.network import TandemNetwork


class GradientPenaltyObjective(MarkedObjective):
    """Cases as they are, and the squared input gradient at wrong places."""

    def penalty(self, network: TandemNetwork, marked: MarkedExamples, generator: torch.Generator) -> Tensor:
        """Return the squared input gradient at wrong places of annotated cases."""
        return gradient_penalty(network, marked, tensors(marked.examples, self.context.device))


class GradientPenaltyStrategy(GradientStrategy):
    """Input gradients vanish inside *ignore* marks, and are lower outside *look here* marks."""

    name = "rrr"
    title = "Input-gradient penalty"
    words = (
        "Retrains on the corrected labels and flattens the answer at marked places: a small change there must not "
        "move it (Right for the Right Reasons)."
    )
    trains = GradientPenaltyObjective
