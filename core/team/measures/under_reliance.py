"""Right answers of the model that people rejected."""

import numpy as np

from core.contracts import Estimate
from core.team.intervals import Clusters, share
from core.team.outcomes import Outcomes


class UnderReliance:
    """Share of right answers that were rejected, of reads that were not that answer; 0 to 1, lower is better."""

    name = "under_reliance"
    title = "Under-reliance"

    def measure(self, outcomes: Outcomes, clusters: Clusters) -> Estimate | None:
        """Return the share, of right answers that the reader had not given."""
        advised = outcomes.model_right & outcomes.differed
        return share((advised & ~outcomes.accepted).astype(np.float64), advised.astype(np.float64), clusters)
