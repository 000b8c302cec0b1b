"""Guided retraining: the model is told where not to look, by gradient and by example.

In every step, next to the ordinary mini-batch:

- *input-gradient penalty* (Right for the Right Reasons): mean over annotated cases of the squared gradient of
  the summed log-probabilities with respect to the marked input, kept at or below the classification loss;
- *counterexamples* (CAIPI): annotated cases whose marked content is replaced by that of other cases, and
  ordinary cases that exchange content at marked places.

Source: Ross, Hughes and Doshi-Velez, Right for the Right Reasons, 2017; Teso and Kersting, Explanatory
Interactive Machine Learning, 2019.
"""

import torch
from torch import Tensor

from core.learning.marks import MarkedExamples, tensors
from core.learning.strategies.base import Family, StrategyContext
from core.learning.strategies.entries import gradient_penalty
from core.learning.strategies.fitting import needs_marks
from core.learning.strategies.guided_pairs import PairsObjective
from core.learning.strategies.labels import LabelsStrategy
from core.learning.strategies.marked_objective import MarkedObjective
from core.models.network import TandemNetwork
from core.models.supervised import Losses
from core.models.training import Objective

PENALTY_SHARE = 0.1
"""Of the classification loss, which the penalty must not exceed. Measured from a model fooled by a corner patch with
100 marks, right answers on validation cases (two seeds): .894 and .918 with 1, .900 and .929 with .1."""

ANNOTATED_SHARE = 0.05
"""Of annotated cases in the classification loss, at most: the same few in every step are soon known by heart, and
ordinary cases teach the same since they exchange content. Measured from scratch with 100 marks, the validation score of
two seeds: .711 and .753 with .28 (as many as there are), .714 and .774 with .05."""


class GuidedStrategy:
    """Gradient penalty plus counterexamples; falls back to labels where nobody marked anything."""

    name = "guided"
    title = "Guided by marks"
    words = (
        "Retrains on the corrected labels and teaches the model not to use what was marked: its answer must not "
        "change when marked content is replaced."
    )
    uses_regions = True
    family: Family = "gradient"
    cost = 3.0

    def fits(self, context: StrategyContext) -> str | None:
        """Return why it does not fit, if so: it needs a mark."""
        return needs_marks(context)

    def objective(self, context: StrategyContext) -> Objective:
        """Return the guided objective that fits the network."""
        if not len(context.marked):
            return LabelsStrategy().objective(context)
        return PairsObjective(context) if context.network.frozen_fields else GuidedObjective(context)


class GuidedObjective(MarkedObjective):
    """Guided retraining of a network whose encoders learn too."""

    exchanges = True
    replaces = True
    most_share = ANNOTATED_SHARE

    def limit(self, ordinary: Losses, annotated: Losses) -> Tensor:
        """Return a part of the classification loss: examples teach, the penalty helps where they do not reach."""
        return PENALTY_SHARE * super().limit(ordinary, annotated)

    def penalty(self, network: TandemNetwork, marked: MarkedExamples, generator: torch.Generator) -> Tensor:
        """Return the squared input gradient at wrong places of annotated cases as they are."""
        return gradient_penalty(network, marked, tensors(marked.examples, self.context.device))
