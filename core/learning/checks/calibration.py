"""Calibration: the expected calibration error must not rise by more than the policy's margin."""

import numpy as np

from core.contracts import Check
from core.learning.checks.base import GateContext, Line, judge, not_assessable
from core.learning.metrics import calibration_error
from core.learning.statistics import Resampler, statistic_difference

RESAMPLES = 500


class CalibrationCheck:
    """Expected calibration error of the top label on the ledger, 15 equal-width bins; lower is better."""

    name = "calibration"

    def run(self, context: GateContext) -> tuple[Check, ...]:
        """Return one line per target."""
        return tuple(self._line(context, target.name) for target in context.spec.targets)

    def _line(self, context: GateContext, target: str) -> Check:
        answers = context.judged(target)
        name, margin = context.check_name(self.name, target), context.spec.gate.calibration_margin
        title, n = "Calibration error", len(answers.labels)
        if not n:
            return not_assessable(name, title, margin, "lower", 0, "The ledger has no labelled case.")
        statistic = calibration_error(answers.labels)
        light = Resampler(answers.resampler.weights[:RESAMPLES])
        ones = np.ones(n)
        difference = statistic_difference(statistic, answers.champion, answers.candidate, light, n)
        before, after = statistic(answers.champion, ones), statistic(answers.candidate, ones)
        return judge(Line(name, title, before, after, difference, margin, "lower"))
