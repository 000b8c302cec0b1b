"""People read what the model is least sure of."""

from core.team.deferral.base import Reads
from core.team.outcomes import Array


class Confidence:
    """The lower the probability of the model's answer, the sooner a person reads the case."""

    name = "confidence"
    title = "Least sure first"

    def need(self, reads: Reads) -> Array:
        """Return 1 - the probability of the answer, 0 to 1."""
        return 1.0 - reads.certainty
