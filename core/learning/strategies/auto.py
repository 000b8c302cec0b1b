"""Tries the strategies that fit and can be afforded, and delivers the best."""

from core.learning.strategies.base import Family, StrategyContext
from core.learning.strategies.fitting import needs_marks
from core.learning.strategies.guided import GuidedStrategy
from core.models.training import Objective

AUTO = "auto"


class AutoStrategy:
    """The search over strategies, `core.learning.search`; where only one training is asked for, it is `guided`."""

    name = AUTO
    title = "Try several, keep the best"
    words = (
        "Tries every strategy that fits within the time you give, compares them on validation cases whose marked "
        "content was swapped, and keeps the best; the champion stays when none is better."
    )
    uses_regions = True
    family: Family = "search"
    cost = 12.0

    def fits(self, context: StrategyContext) -> str | None:
        """Return why there is nothing to search for, if so: without marks it is labels alone."""
        return needs_marks(context)

    def objective(self, context: StrategyContext) -> Objective:
        """Return the objective of the recommended strategy."""
        return GuidedStrategy().objective(context)
