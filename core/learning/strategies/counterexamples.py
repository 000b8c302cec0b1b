"""Counterexamples only: annotated cases with their marked content replaced, no gradient penalty."""

from core.learning.strategies.base import Family, StrategyContext
from core.learning.strategies.fitting import fitting_objective, needs_ignore
from core.learning.strategies.guided_pairs import PairsObjective
from core.learning.strategies.marked_objective import MarkedObjective
from core.models.training import Objective


class CounterexamplesStrategy:
    """CAIPI: teaches by example alone; cheaper than the gradient penalty and needs more marks."""

    name = "counterexamples"
    title = "Counterexamples"
    words = "Retrains on the corrected labels and on copies of marked cases whose marked content was replaced."
    uses_regions = True
    family: Family = "examples"
    cost = 2.0

    def fits(self, context: StrategyContext) -> str | None:
        """Return why it does not fit, if so: it needs a mark of what to ignore."""
        return needs_ignore(context)

    def objective(self, context: StrategyContext) -> Objective:
        """Return the objective that fits the network.

        Raises
        ------
        Refused
            When there are marks and it does not fit.
        """
        build = PairsObjective if context.network.frozen_fields else CounterexamplesObjective
        return fitting_objective(self, context, build)


class CounterexamplesObjective(MarkedObjective):
    """Marked content replaced and exchanged; no penalty."""

    exchanges = True
    replaces = True
