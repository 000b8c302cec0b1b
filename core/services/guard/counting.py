"""How many answers this process left to people."""

from collections import Counter
from typing import ClassVar

from core.contracts import Prediction


class Deferrals:
    """Counts answers of this process that were left to people, by workspace and main reason."""

    tally: ClassVar[Counter[tuple[str, str]]] = Counter()

    @classmethod
    def count(cls, workspace: str, prediction: Prediction) -> None:
        """Count one answer, once however many targets and reasons it has."""
        reasons = [answer.deferrals[0].reason for answer in prediction.targets if answer.deferrals]
        if reasons:
            cls.tally[workspace, reasons[0]] += 1
