"""Reliance on each artefact: how often pasting its content into ledger cases changes the answer."""

from dataclasses import replace

from core.contracts import Check
from core.learning.checks.base import GateContext, Line, judge, not_assessable
from core.learning.proof.base import behaviour
from core.learning.proof.insert import Insert
from core.learning.statistics import interval, mean_difference

NOTHING = "Nobody has marked anything to ignore, so there is nothing to test reliance on."


class RelianceCheck:
    """Share of ledger answers changed by the artefact's content; lower is better.

    Passes when it falls by more than the policy's `reliance_fall` (interval included), or when the candidate's
    own interval lies at or below `reliance_floor`. Uses all standing marks of the artefact.
    """

    name = "reliance"

    def run(self, context: GateContext) -> tuple[Check, ...]:
        """Return one line per artefact and target."""
        if not context.artefacts:
            limit = -context.spec.gate.reliance_fall
            return (not_assessable(self.name, "Reliance on marked content", limit, "lower", 0, NOTHING),)
        return tuple(self._line(context, a, t.name) for a in context.artefacts for t in context.spec.targets)

    def _line(self, context: GateContext, artefact: str, target: str) -> Check:
        policy = context.spec.gate
        name, title = context.check_name(f"{self.name}:{artefact}", target), f"Reliance on {artefact}"
        measured = behaviour(context, artefact, Insert())
        if measured is None:
            return not_assessable(name, title, -policy.reliance_fall, "lower", 0, NOTHING)
        before, after = (own[target] for own in measured.changed[:2])
        difference = mean_difference(before, after, context.resampler)
        line = Line(
            name, title, float(before.mean()), float(after.mean()), difference, -policy.reliance_fall, "lower"
        )  # fmt: skip
        return _floor(judge(line), interval(context.resampler.mean_draws(after))[1], policy.reliance_floor)


def _floor(check: Check, candidate_high: float, floor: float) -> Check:
    """Pass a candidate whose reliance is below the floor whatever the champion's was."""
    if check.verdict == "pass" or candidate_high > floor:
        return check
    reason = f"The candidate's reliance is below the policy's floor of {floor:.2f} (upper end {candidate_high:.3f})."
    return replace(check, verdict="pass", reason=reason, needed=None)
