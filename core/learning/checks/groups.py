"""Accuracy within each group of each sensitive attribute: for whom it got worse."""

import numpy as np

from core.contracts import Check
from core.learning.checks.base import GateContext, Line, TargetAnswers
from core.learning.checks.family import judge_family, subset_line, too_small


class GroupCheck:
    """Accuracy of each group on the ledger; higher is better; Holm-corrected across groups."""

    name = "group"

    def run(self, context: GateContext) -> tuple[Check, ...]:
        """Return one line per group of every sensitive attribute and target."""
        return tuple(check for target in context.spec.targets for check in self._target(context, target.name))

    def _target(self, context: GateContext, target: str) -> tuple[Check, ...]:
        answers, policy = context.judged(target), context.spec.gate
        lines: list[Line] = []
        small: list[Check] = []
        for attribute, group in _groups(context, answers):
            chosen = np.asarray([row.get(attribute) == group for row in answers.attributes])
            name = context.check_name(f"{self.name}:{attribute}={group}", target)
            title = f"Accuracy where {attribute} is {group}"
            if chosen.sum() < policy.minimum_group:
                small.append(too_small(name, title, policy.group_margin, int(chosen.sum()), policy.minimum_group))
            else:
                lines.append(subset_line(name, title, answers, chosen, policy.group_margin))
        return (*judge_family(lines), *small)


def _groups(context: GateContext, answers: TargetAnswers) -> list[tuple[str, str]]:
    names = [attribute.name for attribute in context.spec.attributes if attribute.sensitive]
    return [(name, group) for name in names for group in sorted({r[name] for r in answers.attributes if name in r})]
