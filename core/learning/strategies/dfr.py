"""Deep feature reweighting: what follows the encoders is retrained on cases balanced by class and artefact.

Source: Kirichenko, Izmailov and Wilson, Last Layer Re-Training is Sufficient for Robustness to Spurious
Correlations, ICLR 2023.
"""

import torch
from torch import Tensor

from core.learning.strategies.base import Family, StrategyContext
from core.learning.strategies.entries import trained_fields
from core.learning.strategies.fitting import fitting_objective, needs_ignore
from core.learning.strategies.grouped import GroupedObjective, Grouping
from core.models.network import TandemNetwork
from core.models.scope import opened_backbones
from core.models.training import Objective

FEATURES = 0.5
"""Share of the epochs in which encoders that learn are trained on all labels, before they are held."""


class LastLayerStrategy:
    """Keeps what the encoders see and balances what is made of it."""

    name = "dfr"
    title = "Balanced last layer"
    words = (
        "Keeps what the encoders have learnt and retrains what follows them on cases in which the marked content goes "
        "with every label equally often."
    )
    uses_regions = True
    family: Family = "last layer"
    cost = 1.5

    def fits(self, context: StrategyContext) -> str | None:
        """Return why it does not fit, if so: it needs a mark of what to ignore."""
        return needs_ignore(context)

    def objective(self, context: StrategyContext) -> Objective:
        """Return its objective; that on labels alone without any mark.

        Raises
        ------
        Refused
            When there are marks and it does not fit.
        """
        return fitting_objective(self, context, LastLayerObjective)


class LastLayerObjective(GroupedObjective):
    """Ordinary training first where encoders learn, then the rest on group-balanced cases."""

    def __init__(self, context: StrategyContext) -> None:
        super().__init__(context)
        learns = _encoders_learn(context.network) and not opened_backbones(context.network)
        self.first = int(FEATURES * context.spec.training.epochs) * self.steps_per_epoch if learns else 0

    def loss(self, network: TandemNetwork, step: int, generator: torch.Generator) -> Tensor:
        """Return the plain loss in the first half of the epochs where encoders learn, then the balanced one."""
        return (
            self.plain.loss(network, step, generator) if step < self.first else super().loss(network, step, generator)
        )

    def group_loss(self, network: TandemNetwork, grouping: Grouping, rows: Tensor, groups: Tensor) -> Tensor:
        """Return the mean cross entropy; no gradient reaches an encoder."""
        with torch.no_grad():
            vectors = network.encode(self.pool.batch(rows, self.context.device))
        logits = network.decide(network.fusion(vectors))
        return self.plain.judged(network, logits, self.pool.batch_labels(rows, self.context.device)).loss


def _encoders_learn(network: TandemNetwork) -> bool:
    weights = (weight for field in trained_fields(network) for weight in network.encoder(field).parameters())
    return any(weight.requires_grad for weight in weights)
