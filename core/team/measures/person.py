"""How often people are right by themselves."""

import numpy as np

from core.contracts import Estimate
from core.team.intervals import Clusters, share
from core.team.outcomes import Outcomes


class PersonAlone:
    """Accuracy of reads before the reveal, 0 to 1; higher is better. "Unsure" is not right."""

    name = "person"
    title = "Person alone"

    def measure(self, outcomes: Outcomes, clusters: Clusters) -> Estimate | None:
        """Return the share of right reads."""
        return share(outcomes.person_right.astype(np.float64), np.ones(len(outcomes)), clusters)
