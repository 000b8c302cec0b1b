"""Wrong reads that became right."""

import numpy as np

from core.contracts import Estimate
from core.team.intervals import Clusters, share
from core.team.outcomes import Outcomes


class Helped:
    """Share of wrong reads that became right verdicts, 0 to 1; higher is better."""

    name = "helped"
    title = "Helped"

    def measure(self, outcomes: Outcomes, clusters: Clusters) -> Estimate | None:
        """Return the share, of wrong reads."""
        wrong = ~outcomes.person_right
        return share((wrong & outcomes.team_right).astype(np.float64), wrong.astype(np.float64), clusters)
