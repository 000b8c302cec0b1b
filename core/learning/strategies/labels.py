"""Corrected labels only: what any tool does. It is also the control that guided retraining is held against."""

from core.learning.strategies.base import Family, StrategyContext, supervised
from core.models.training import Objective


class LabelsStrategy:
    """Retrain on all labels, corrected ones included; marks are not used."""

    name = "labels"
    title = "Labels only"
    words = "Retrains on the corrected labels. Marks are not used."
    uses_regions = False
    family: Family = "labels"
    cost = 1.0

    def fits(self, context: StrategyContext) -> str | None:
        """Return None: labels are always there."""
        return None

    def objective(self, context: StrategyContext) -> Objective:
        """Return plain cross-entropy on training and feedback cases."""
        return supervised(context)
