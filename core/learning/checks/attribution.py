"""Share of attribution inside the artefact, by an explainer that no strategy trains on (occlusion)."""

import numpy as np
import torch
from torch import Tensor

from core.contracts import Check
from core.learning.checks.base import GateContext, Line, judge, not_assessable
from core.learning.marks import Pasted, entry_mask, paste
from core.learning.statistics import Array, Resampler, mean_difference
from core.models.encoders.base import Entry
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
        generator = torch.Generator().manual_seed(context.seed)
        pasted = paste(context.ledger.batch(chosen, context.device), marked, rows, generator)
        before = _shares(context.champion, pasted, target)
        after = _shares(context.candidate, pasted, target)
        chance = _chance(context.candidate, pasted)
        if chance >= 1.0:
            name, title = context.check_name(f"{self.name}:{artefact}", target), f"Attribution inside {artefact}"
            reason = (
                "The mark covers everything that the model sees, so all attribution lies inside it whatever it uses."
            )
            return not_assessable(name, title, MARGIN, "lower", len(before), reason)
        resampler = Resampler.of_groups([context.ledger.groups[int(i)] for i in chosen], seed=context.seed)
        name = context.check_name(f"{self.name}:{artefact}", target)
        title = f"Attribution inside {artefact} (occlusion; chance {chance:.2f})"
        difference = mean_difference(before, after, resampler)
        return judge(Line(name, title, float(before.mean()), float(after.mean()), difference, MARGIN, "lower"))


def _sample(context: GateContext, marks: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(context.seed)
    wanted = CASES_FROZEN if context.candidate.network.frozen_fields else CASES_SMALL
    chosen = torch.randperm(len(context.ledger), generator=generator)[:wanted]
    return chosen, torch.randint(marks, (len(chosen),), generator=generator)


def _chance(model: LoadedModel, pasted: Pasted) -> float:
    """Return the mean share of places that are marked, each field counting alike: the level of chance."""
    entries = model.network.enter(pasted.inputs)
    shares = [_marked_share(pasted.places[name], entry) for name, entry in entries.items()]
    return float(torch.stack(shares).mean())


def _marked_share(places: Tensor, entry: Entry) -> Tensor:
    """Return the mean share of a field's places that are marked; of a text, of those that hold a word."""
    there = entry.present if entry.present.ndim == 2 else torch.ones_like(places)
    marked = (places & there).flatten(1).sum(dim=1) / there.flatten(1).sum(dim=1).clamp(min=1)
    return marked.float().mean().cpu()


def _shares(model: LoadedModel, pasted: Pasted, target: str) -> Array:
    count = len(next(iter(pasted.inputs.values())))
    return np.asarray([_share(model, pasted, target, index) for index in range(count)])


def _share(model: LoadedModel, pasted: Pasted, target: str, index: int) -> float:
    """Return the share of one case's absolute attribution that lies at the pasted places."""
    network = model.network
    with torch.no_grad():
        entries = network.enter({field: value[index : index + 1] for field, value in pasted.inputs.items()})
    module = LogitModule(network, target, [entries[field].present for field in network.fields])
    kinds = tuple(model.spec.field(field).kind for field in network.fields)
    subject = Subject(module, kinds, model.manifest.target(target).output_sd, model.lock)
    one = tuple(entries[field].values for field in network.fields)
    blank = tuple(network.encoder(field).neutral(entries[field].values) for field in network.fields)
    with torch.no_grad():
        label = int(module(*one).argmax(dim=1))
    values = explainer(METHOD).explain(subject, one, label, blank).values
    inside = total = 0.0
    for field, value in zip(network.fields, values, strict=True):
        total += float(value.abs().sum())
        inside += float((value.abs() * entry_mask(pasted.places[field][index], value)).sum())
    return inside / total if total > 0 else 0.0
