"""Accuracy within each class (recall): what got worse, for which answer."""

from core.contracts import Check, TargetSpec
from core.learning.checks.base import GateContext, Line
from core.learning.checks.family import judge_family, subset_line, too_small


class ClassCheck:
    """Recall of each class on the ledger; higher is better; Holm-corrected across classes."""

    name = "class"

    def run(self, context: GateContext) -> tuple[Check, ...]:
        """Return one line per class of every target."""
        return tuple(check for target in context.spec.targets for check in self._target(context, target))

    def _target(self, context: GateContext, target: TargetSpec) -> tuple[Check, ...]:
        answers, policy = context.judged(target.name), context.spec.gate
        lines: list[Line] = []
        small: list[Check] = []
        for index, label in enumerate(target.classes):
            chosen = answers.labels == index
            name = context.check_name(f"{self.name}:{label}", target.name)
            title = f"Recall of {target.display.get(label, label)}"
            if chosen.sum() < policy.minimum_group:
                small.append(too_small(name, title, policy.class_margin, int(chosen.sum()), policy.minimum_group))
            else:
                lines.append(subset_line(name, title, answers, chosen, policy.class_margin))
        return (*judge_family(lines), *small)
