"""Demographic parity: whether all groups are selected equally often."""

from core.contracts import GapMetric, RateName
from core.fairness.gaps.base import ordered_pairs, smallest_over_largest, widest
from core.fairness.intervals import Array


class DemographicParity:
    """Largest minus smallest selection rate of groups, whatever is true of them; 0 is best.

    Source
    ------
    Dwork et al., Fairness through Awareness, 2012.
    """

    name: GapMetric = "demographic_parity"
    title = "Demographic parity: largest minus smallest share that is selected"
    rates: tuple[RateName, ...] = ("selection_rate",)

    def value(self, rates: Array) -> Array:
        """Return the difference."""
        return widest(rates[..., 0, :])

    def contrasts(self, rates: Array) -> Array:
        """Return the difference of each two groups, both ways round."""
        return ordered_pairs(rates[..., 0, :])

    def ratio(self, rates: Array) -> Array | None:
        """Return smallest over largest selection rate."""
        return smallest_over_largest(rates[..., 0, :])

    def decisive(self, rates: Array) -> int:
        """Return 0: there is one rate."""
        return 0
