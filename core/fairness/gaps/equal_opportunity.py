"""Equal opportunity: whether the positives of all groups are found equally often."""

from core.contracts import GapMetric, RateName
from core.fairness.gaps.base import ordered_pairs, smallest_over_largest, widest
from core.fairness.intervals import Array


class EqualOpportunity:
    """Largest minus smallest true positive rate of groups; 0 is best. It equals the gap of missed positives.

    Source
    ------
    Hardt, Price and Srebro, Equality of Opportunity in Supervised Learning, NeurIPS 2016.
    """

    name: GapMetric = "equal_opportunity"
    title = "Equal opportunity: largest minus smallest share of positives that is found"
    rates: tuple[RateName, ...] = ("true_positive_rate",)

    def value(self, rates: Array) -> Array:
        """Return the difference."""
        return widest(rates[..., 0, :])

    def contrasts(self, rates: Array) -> Array:
        """Return the difference of each two groups, both ways round."""
        return ordered_pairs(rates[..., 0, :])

    def ratio(self, rates: Array) -> Array | None:
        """Return smallest over largest true positive rate."""
        return smallest_over_largest(rates[..., 0, :])

    def decisive(self, rates: Array) -> int:
        """Return 0: there is one rate."""
        return 0
