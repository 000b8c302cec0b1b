"""What the marks did: the candidate's reliance against that of a control that was trained alike, without marks."""

from dataclasses import replace

from core.contracts import Check
from core.learning.checks.base import GateContext, Line, judge, not_assessable
from core.learning.proof.base import behaviour
from core.learning.proof.insert import Insert
from core.learning.statistics import Array, Resampler, interval, mean_difference

NO_MARKS = "Nobody has marked anything to ignore, so there is no effect of marks to measure."
NO_CONTROL = "There is no control run for this candidate, so what the marks did can't be told from what else changed."
SAME = "Candidate and control answer alike where the marked content is put in: the marks had no effect."


class MarksCheck:
    """Share of ledger answers changed by the artefact's content, candidate minus control; lower is better.

    The control has the same data, labels, regularisation and steps, and no marks: what is left is what the marks did.
    Passes when the interval lies below zero, or when both are below the policy's floor already; fails when it lies
    above zero. In the column of the champion stands the control.
    """

    name = "marks"

    def run(self, context: GateContext) -> tuple[Check, ...]:
        """Return one line per artefact and target."""
        if not context.artefacts:
            return (not_assessable(self.name, "Effect of the marks", 0.0, "lower", 0, NO_MARKS),)
        return tuple(self._line(context, a, t.name) for a in context.artefacts for t in context.spec.targets)

    def _line(self, context: GateContext, artefact: str, target: str) -> Check:
        name = context.check_name(f"{self.name}:{artefact}", target)
        title = f"Effect of the marks of {artefact} (against the control)"
        measured = behaviour(context, artefact, Insert())
        if context.control is None or measured is None:
            return not_assessable(name, title, 0.0, "lower", len(context.ledger), NO_CONTROL)
        control, candidate = measured.changed[2][target], measured.changed[1][target]
        difference = mean_difference(control, candidate, context.resampler)
        line = Line(name, title, float(control.mean()), float(candidate.mean()), difference, 0.0, "lower")
        floor = context.spec.gate.reliance_floor
        return _below(judge(line), max(_high(control, context.resampler), _high(candidate, context.resampler)), floor)


def _high(values: Array, resampler: Resampler) -> float:
    return interval(resampler.mean_draws(values))[1]


def _below(check: Check, high: float, floor: float) -> Check:
    """Pass where neither model relies on the artefact: there was nothing for the marks to do."""
    if high <= floor:
        reason = f"Candidate and control are both below the policy's floor of {floor:.2f} (upper end {high:.3f})."
        return replace(check, verdict="pass", reason=reason, needed=None)
    if check.difference == 0.0 and check.verdict == "pass":
        return replace(check, verdict="not assessable", reason=f"{SAME} n = {check.n}.")
    return check
