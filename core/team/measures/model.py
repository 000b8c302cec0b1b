"""How often the model is right by itself."""

import numpy as np

from core.contracts import Estimate
from core.team.intervals import Clusters, share
from core.team.outcomes import Outcomes


class ModelAlone:
    """Accuracy of the answers that were shown, 0 to 1; higher is better. It does not depend on who reads."""

    name = "model"
    title = "Model alone"

    def measure(self, outcomes: Outcomes, clusters: Clusters) -> Estimate | None:
        """Return the share of right answers, each counted as often as its case was read."""
        right = outcomes.model_right.astype(np.float64)
        return share(right, np.ones(len(outcomes)), clusters.only_cases)
