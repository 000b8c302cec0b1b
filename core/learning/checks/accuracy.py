"""Overall accuracy: the candidate must not be worse than the champion by more than the policy's margin."""

import numpy as np

from core.contracts import Check
from core.learning.checks.base import GateContext, judge, not_assessable
from core.learning.checks.family import subset_line


class AccuracyCheck:
    """Share of ledger cases whose top label is the reference label; higher is better."""

    name = "accuracy"

    def run(self, context: GateContext) -> tuple[Check, ...]:
        """Return one line per target."""
        return tuple(self._line(context, target.name) for target in context.spec.targets)

    def _line(self, context: GateContext, target: str) -> Check:
        answers = context.judged(target)
        name, margin = context.check_name(self.name, target), context.spec.gate.accuracy_margin
        if not len(answers.labels):
            return not_assessable(name, "Accuracy", -margin, "higher", 0, "The ledger has no labelled case.")
        return judge(subset_line(name, "Accuracy", answers, np.ones(len(answers.labels), dtype=bool), margin))
