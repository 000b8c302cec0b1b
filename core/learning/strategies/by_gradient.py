"""What strategies have in common that reach through encoders which learn."""

from core.learning.strategies.base import Family, StrategyContext
from core.learning.strategies.fitting import fitting_objective, needs_trained_marks
from core.learning.strategies.marked_objective import MarkedObjective
from core.models.training import Objective


class GradientStrategy:
    """A strategy whose objective needs marks on fields whose encoder learns."""

    name: str
    title: str
    words: str
    uses_regions = True
    family: Family = "gradient"
    cost = 3.0
    trains: type[MarkedObjective]
    """The objective."""

    def fits(self, context: StrategyContext) -> str | None:
        """Return why it does not fit, if so: it needs marks on a field whose encoder learns."""
        return needs_trained_marks(context)

    def objective(self, context: StrategyContext) -> Objective:
        """Return its objective; that on labels alone without any mark.

        Raises
        ------
        Refused
            When there are marks and it does not fit.
        """
        return fitting_objective(self, context, self.trains)
