"""Share of attribution inside the artefact, by an explainer that no strategy trains on (occlusion)."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from core.contracts import Check
from core.learning.checks.base import GateContext, Line, judge, not_assessable
from core.learning.marks import paste
from core.learning.statistics import Array, Resampler, mean_difference
from core.models.network import LogitModule
from core.models.registry import LoadedModel
from explain.base import Subject
from explain.registry import explainer

METHOD = "occlusion"
CASES_SMALL = 60
CASES_FROZEN = 8
"""Ledger cases explained; fewer where each costs dozens of passes through a large frozen backbone."""
MARGIN = 0.05


class AttributionCheck:
    """Mean share of absolute occlusion attribution that lies inside pasted artefact content; lower is better.

    Formula per case: sum of |a| inside the mask / sum of |a|, on ledger cases with the artefact pasted in.
    Chance is the mask's share of the input.
    """

    name = "attribution"

    def run(self, context: GateContext) -> tuple[Check, ...]:
        """Return one line per artefact and target."""
        artefacts = sorted({artefact for artefact in context.marked.artefacts if artefact})
        if not artefacts:
            reason = "Nobody has marked anything to ignore."
            title = "Attribution inside marked content"
            return (not_assessable(self.name, title, MARGIN, "lower", 0, reason),)
        return tuple(self._line(context, a, t.name) for a in artefacts for t in context.spec.targets)

    def _line(self, context: GateContext, artefact: str, target: str) -> Check:
        marked = context.marked.of_artefact(artefact)
        chosen, rows = _sample(context, len(marked))
        inputs = paste(context.ledger.batch(chosen, context.device), marked, rows, context.device)
        masks = {field: mask[rows] for field, mask in marked.ignore.items()}
        before = _shares(context.champion, inputs, masks, target)
        after = _shares(context.candidate, inputs, masks, target)
        chance = float(np.mean([mask.float().flatten(1).mean(dim=1).numpy() for mask in masks.values()]))
        resampler = Resampler.of_groups([context.ledger.groups[int(i)] for i in chosen], seed=context.seed)
        name = context.check_name(f"{self.name}:{artefact}", target)
        title = f"Attribution inside {artefact} (occlusion; chance {chance:.2f})"
        difference = mean_difference(before, after, resampler)
        return judge(Line(name, title, float(before.mean()), float(after.mean()), difference, MARGIN, "lower"))


def _sample(context: GateContext, marks: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(context.seed)
    wanted = CASES_FROZEN if context.candidate.network.frozen else CASES_SMALL
    chosen = torch.randperm(len(context.ledger), generator=generator)[:wanted]
    return chosen, torch.randint(marks, (len(chosen),), generator=generator)


def _shares(model: LoadedModel, inputs: dict[str, Tensor], masks: dict[str, Tensor], target: str) -> Array:
    fields = tuple(inputs)
    module = LogitModule(model.network, target, fields)
    kinds = tuple(model.spec.field(field).kind for field in fields)
    subject = Subject(module, kinds, model.manifest.target(target).output_sd, model.lock)
    count = len(next(iter(inputs.values())))
    return np.asarray([_share(subject, fields, inputs, masks, index) for index in range(count)])


def _share(
    subject: Subject, fields: Sequence[str], inputs: dict[str, Tensor], masks: dict[str, Tensor], index: int
) -> float:
    one = tuple(inputs[field][index : index + 1] for field in fields)
    with torch.no_grad():
        label = int(subject.module(*one).argmax(dim=1))
    values = explainer(METHOD).explain(subject, one, label).values
    inside = total = 0.0
    for field, value in zip(fields, values, strict=True):
        total += float(value.abs().sum())
        if field in masks:
            inside += float((value.abs() * masks[field][index].expand_as(value)).sum())
    return inside / total if total > 0 else 0.0
