"""Wrong answers of the model that people took over."""

import numpy as np

from core.contracts import Estimate
from core.team.intervals import Clusters, share
from core.team.outcomes import Outcomes


class OverReliance:
    """Share of wrong answers that were accepted, of reads that were not that answer; 0 to 1, lower is better."""

    name = "over_reliance"
    title = "Over-reliance"

    def measure(self, outcomes: Outcomes, clusters: Clusters) -> Estimate | None:
        """Return the share, of wrong answers that the reader had not given."""
        misled = ~outcomes.model_right & outcomes.differed
        return share((misled & outcomes.accepted).astype(np.float64), misled.astype(np.float64), clusters)
