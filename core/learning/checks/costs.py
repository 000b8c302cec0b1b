"""Mean decision cost, where the workspace declares what errors cost."""

import numpy as np

from core.contracts import Check, TargetSpec, WorkspaceSpec
from core.learning.checks.base import GateContext, Line, judge, not_assessable
from core.learning.statistics import Array, mean_difference

TITLE = "Mean decision cost"


class CostCheck:
    """Mean cost of the top label on the ledger, in the workspace's unit; lower is better."""

    name = "cost"

    def run(self, context: GateContext) -> tuple[Check, ...]:
        """Return one line per target that declares costs."""
        declared = {cost.target for cost in context.spec.costs}
        return tuple(self._line(context, target) for target in context.spec.targets if target.name in declared)

    def _line(self, context: GateContext, target: TargetSpec) -> Check:
        answers, name = context.judged(target.name), context.check_name(self.name, target.name)
        table = cost_table(context.spec, target)
        margin = context.spec.gate.accuracy_margin * float(table.max())
        if not len(answers.labels):
            return not_assessable(name, TITLE, margin, "lower", 0, "The ledger has no labelled case.")
        before, after = (table[answers.labels, own] for own in answers.answered[:2])
        difference = mean_difference(before, after, answers.resampler)
        return judge(Line(name, TITLE, float(before.mean()), float(after.mean()), difference, margin, "lower"))


def cost_table(spec: WorkspaceSpec, target: TargetSpec) -> Array:
    """Return costs [truth, answer]: 0 on the diagonal, 1 for an error that is not declared."""
    count = len(target.classes)
    table = np.ones((count, count)) - np.eye(count)
    for cost in spec.costs:
        if cost.target == target.name:
            table[target.classes.index(cost.truth), target.classes.index(cost.answer)] = cost.cost
    return table
