"""How long a read takes."""

from core.contracts import Estimate
from core.team.intervals import Clusters, mean
from core.team.outcomes import Outcomes


class ReadingTime:
    """Mean seconds of a read before the reveal, over the reads whose time is known."""

    name = "seconds"
    title = "Seconds for a read"

    def measure(self, outcomes: Outcomes, clusters: Clusters) -> Estimate | None:
        """Return the mean time."""
        found = mean(outcomes.seconds, clusters)
        return None if found is None else Estimate(found.value, max(0.0, found.low), found.high, found.n)
