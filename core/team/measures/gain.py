"""What person and model gain by deciding together."""

import numpy as np

from core.contracts import Estimate
from core.team.intervals import Clusters, least, mean
from core.team.outcomes import Outcomes


class Gain:
    """Accuracy together less that of the better of person and model, -1 to 1; above zero is complementarity.

    It is the lesser of two paired differences (together less person, together less model), so the better of the two is
    not picked by chance: the interval holds for whichever is the better one.

    Source
    ------
    Vaccaro, Almaatouq and Malone, When combinations of humans and AI are useful, 2024.
    """

    name = "gain"
    title = "Gain"

    def measure(self, outcomes: Outcomes, clusters: Clusters) -> Estimate | None:
        """Return the lesser of both paired differences."""
        together = outcomes.team_right.astype(np.float64)
        over_person = mean(together - outcomes.person_right, clusters)
        over_model = mean(together - outcomes.model_right, clusters)
        if over_person is None or over_model is None:
            return None
        found = least(over_person, over_model)
        return Estimate(found.value, max(-1.0, found.low), min(1.0, found.high), found.n)
