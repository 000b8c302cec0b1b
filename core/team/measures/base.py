"""What a measure of the team gives."""

from typing import Protocol

from core.contracts import Estimate
from core.team.intervals import Clusters
from core.team.outcomes import Outcomes


class TeamMeasure(Protocol):
    """One figure of a set of reads."""

    name: str
    """As in `TeamRow`."""
    title: str

    def measure(self, outcomes: Outcomes, clusters: Clusters) -> Estimate | None:
        """Return the figure with its interval, or None where no read can tell."""
