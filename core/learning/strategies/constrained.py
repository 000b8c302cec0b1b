"""Training under a constraint: the gap between groups stays under a limit, at the least cost in accuracy."""

from collections.abc import Mapping

from torch import Tensor

from core.contracts import FairnessAim
from core.fairness.membership import Membership
from core.fairness.training.cells import cells_of, hard_answers, smooth_answers
from core.fairness.training.constraint import GroupConstraint
from core.learning.strategies.base import StrategyContext
from core.learning.strategies.fair import FairObjective, FairStrategy
from core.models.training import Objective


class ConstrainedStrategy(FairStrategy):
    """Holds the gap between groups under a limit while it learns."""

    name = "constrained"
    title = "Gap under a limit"
    words = (
        "Learns from all labels under the condition that the gap between groups stays under a limit, and keeps the "
        "most accurate step that does. The attribute is needed for training only, not for answers."
    )
    cost = 1.5

    def build(self, context: StrategyContext, aim: FairnessAim, own: Membership) -> Objective:
        """Return its objective."""
        return ConstrainedObjective(context, aim, own)


class ConstrainedObjective(FairObjective):
    """Cross entropy and a Lagrangian of the gap."""

    def __init__(self, context: StrategyContext, aim: FairnessAim, own: Membership) -> None:
        super().__init__(context, aim, own)
        cells = cells_of(aim.metric, self.labels, self.positive, own.train, own.names)
        self.constraint = GroupConstraint(cells, aim.limit, self.steps, self.steps_per_epoch)

    def added(self, logits: Tensor, labels: Tensor, rows: Tensor, step: int) -> Tensor:
        """Return what the groups' differences cost."""
        smooth = smooth_answers(logits, labels, self.positive)
        return self.constraint.penalty(smooth, hard_answers(logits, labels, self.positive), rows)

    def memory(self) -> Mapping[str, Tensor]:
        """Return multipliers and running rates."""
        return self.constraint.memory()

    def recall(self, memory: Mapping[str, Tensor]) -> None:
        """Go on from what was remembered."""
        if memory:
            self.constraint.recall(memory)
