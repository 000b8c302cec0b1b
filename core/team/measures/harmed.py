"""Right reads that became wrong."""

import numpy as np

from core.contracts import Estimate
from core.team.intervals import Clusters, share
from core.team.outcomes import Outcomes


class Harmed:
    """Share of right reads that became wrong verdicts, 0 to 1; lower is better."""

    name = "harmed"
    title = "Harmed"

    def measure(self, outcomes: Outcomes, clusters: Clusters) -> Estimate | None:
        """Return the share, of right reads."""
        right = outcomes.person_right
        return share((right & ~outcomes.team_right).astype(np.float64), right.astype(np.float64), clusters)
