"""All measures of behaviour, in the order of the proof."""

from core.learning.proof.base import BehaviourMeasure
from core.learning.proof.insert import Insert
from core.learning.proof.remove import Remove
from core.learning.proof.swap import Swap


def measures() -> tuple[BehaviourMeasure, ...]:
    """Return every registered measure."""
    return (Insert(), Remove(), Swap())
