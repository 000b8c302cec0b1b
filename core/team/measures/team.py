"""How often people are right once they saw the answer."""

import numpy as np

from core.contracts import Estimate
from core.team.intervals import Clusters, share
from core.team.outcomes import Outcomes


class Together:
    """Accuracy of verdicts after the reveal, 0 to 1; higher is better. "Unsure" is not right."""

    name = "team"
    title = "Together"

    def measure(self, outcomes: Outcomes, clusters: Clusters) -> Estimate | None:
        """Return the share of right verdicts."""
        return share(outcomes.team_right.astype(np.float64), np.ones(len(outcomes)), clusters)
