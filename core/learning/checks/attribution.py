"""Share of attribution inside the artefact, by an explainer that the candidate never trained on."""

from core.contracts import Check
from core.learning.checks.base import GateContext, Line, judge, not_assessable
from core.learning.proof.attribution import judge_of, shares
from core.learning.statistics import mean_difference

MARGIN = 0.05
EVERYTHING = "The mark covers everything that the model sees, so all attribution lies inside it whatever it uses."


class AttributionCheck:
    """Mean share of absolute attribution that lies inside pasted artefact content; lower is better.

    Formula per case: sum of |a| inside the mask / sum of |a|, on ledger cases with the artefact pasted in, by
    occlusion or, where the candidate trained on that, by another explainer. Chance is the mask's share of the input.
    """

    name = "attribution"

    def run(self, context: GateContext) -> tuple[Check, ...]:
        """Return one line per artefact and target."""
        if not context.artefacts:
            reason = "Nobody has marked anything to ignore."
            title = "Attribution inside marked content"
            return (not_assessable(self.name, title, MARGIN, "lower", 0, reason),)
        return tuple(self._line(context, a, t.name) for a in context.artefacts for t in context.spec.targets)

    def _line(self, context: GateContext, artefact: str, target: str) -> Check:
        found = shares(context, artefact, target)
        before, after = found.models[:2]
        name, title = context.check_name(f"{self.name}:{artefact}", target), f"Attribution inside {artefact}"
        if found.chance >= 1.0:
            return not_assessable(name, title, MARGIN, "lower", len(before), EVERYTHING)
        difference = mean_difference(before, after, found.resampler)
        title = f"{title} ({judge_of(context.strategy).title.lower()}; chance {found.chance:.2f})"
        return judge(Line(name, title, float(before.mean()), float(after.mean()), difference, MARGIN, "lower"))
