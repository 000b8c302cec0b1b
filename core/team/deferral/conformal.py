"""People read what the model can't settle: the larger the set of answers, the sooner."""

from core.team.deferral.base import Reads
from core.team.outcomes import Array


class Conformal:
    """Cases with the most answers that can't be ruled out come first; among equals, the least probable answer.

    Source
    ------
    Straitouri et al., Improving Expert Predictions with Conformal Prediction, 2023 (sets as what people decide within).
    """

    name = "conformal"
    title = "Most answers open first"

    def need(self, reads: Reads) -> Array:
        """Return the size of the set plus 1 - the probability of the answer."""
        return reads.set_size + (1.0 - reads.certainty)
