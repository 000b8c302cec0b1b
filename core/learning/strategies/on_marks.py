"""What strategies on marks have in common: when they fit, and the way to their objective."""

from abc import ABC, abstractmethod

from core.learning.strategies.base import Family, StrategyContext
from core.learning.strategies.fitting import fitting_objective, needs_ignore, needs_trained_marks
from core.learning.strategies.marked_objective import MarkedObjective
from core.models.training import Objective


class MarkStrategy(ABC):
    """A strategy that learns from *ignore* marks."""

    name: str
    title: str
    words: str
    uses_regions = True
    family: Family
    cost: float

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
        return fitting_objective(self, context, self.build)

    @abstractmethod
    def build(self, context: StrategyContext) -> Objective:
        """Return its objective where it fits."""


class GradientStrategy(MarkStrategy):
    """A strategy whose objective reaches through encoders that learn."""

    family: Family = "gradient"
    cost = 3.0
    trains: type[MarkedObjective]
    """The objective."""

    def fits(self, context: StrategyContext) -> str | None:
        """Return why it does not fit, if so: it needs marks on a field whose encoder learns."""
        return needs_trained_marks(context)

    def build(self, context: StrategyContext) -> Objective:
        """Return its objective."""
        return self.trains(context)
