"""Share of attribution inside pasted artefact content, by an explainer that the candidate never trained on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.learning.checks.base import GateContext
from core.learning.marks import Pasted, entry_mask, paste
from core.learning.proof.base import thrifty
from core.learning.proof.shared import RememberingModule, Vectors, can_share
from core.learning.statistics import Array, Resampler
from core.models.encoders.base import Entry
from core.models.network import LogitModule
from core.models.registry import LoadedModel
from explain.base import Explainer, Subject
from explain.registry import explainer

JUDGES = ("occlusion", "shapley_sampling")
"""Explainers that may judge, first choice first."""
TRAINED_ON: Mapping[str, tuple[str, ...]] = {
    "guided": ("saliency",),
    "rrr": ("saliency",),
    "grad_cam": ("grad_cam",),
    "expected_gradients": ("expected_gradients",),
}
"""Strategy -> explainers that it trained on, so that its models could have learnt to hide from them."""
CASES, CASES_LARGE = 60, 8
"""Ledger cases explained; fewer where each costs dozens of passes through a large network."""


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """Share of absolute attribution inside the mark for each model and explained case."""

    models: tuple[Array, ...]
    """One [cases] for each model of the comparison."""
    chance: float
    """The mark's mean share of the input; 1 when it covers everything."""
    resampler: Resampler


def judge_of(strategy: str | None) -> Explainer:
    """Return the explainer that judges what a strategy trained: never one that it trained on."""
    known = TRAINED_ON.get(strategy or "", ())
    return explainer(next(name for name in JUDGES if name not in known))


def shares(context: GateContext, artefact: str, target: str) -> Shares:
    """Return the shares of all models on the same ledger cases with the artefact pasted in; taken once for a context.

    Formula per case: sum of |a| inside the mask / sum of |a|. 0 to 1, lower is better.
    """
    return context.once(("attribution", artefact, target), lambda: _shares(context, artefact, target))


def _shares(context: GateContext, artefact: str, target: str) -> Shares:
    marked = context.marked.of_artefact(artefact)
    chosen, rows = _sample(context, len(marked))
    generator = torch.Generator().manual_seed(context.seed)
    pasted = paste(context.ledger.batch(chosen, context.device), marked, rows, generator)
    method = judge_of(context.strategy)
    found = shares_of_models(context.models, pasted, target, method)
    resampler = Resampler.of_groups([context.ledger.groups[int(i)] for i in chosen], seed=context.seed)
    return Shares(found, _chance(context.candidate, pasted), resampler)


def _sample(context: GateContext, marks: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(context.seed)
    chosen = torch.randperm(len(context.ledger), generator=generator)[: thrifty(context, CASES, CASES_LARGE)]
    return chosen, torch.randint(marks, (len(chosen),), generator=generator)


def _chance(model: LoadedModel, pasted: Pasted) -> float:
    """Return the mean share of places that are marked, each field counting alike: the level of chance."""
    entries = model.network.enter(pasted.inputs)
    found = [_marked_share(pasted.places[name], entry) for name, entry in entries.items()]
    return float(torch.stack(found).mean())


def _marked_share(places: Tensor, entry: Entry) -> Tensor:
    """Return the mean share of a field's places that are marked; of a text, of those that hold a word."""
    there = entry.present if entry.present.ndim == 2 else torch.ones_like(places)
    marked = (places & there).flatten(1).sum(dim=1) / there.flatten(1).sum(dim=1).clamp(min=1)
    return marked.float().mean().cpu()


def shares_of_models(
    models: Sequence[LoadedModel], pasted: Pasted, target: str, method: Explainer
) -> tuple[Array, ...]:
    """Return each model's shares [cases]; models behind one frozen encoder read each altered input once."""
    count, shared = len(next(iter(pasted.inputs.values()))), can_share(models)
    rows = []
    for index in range(count):
        vectors = Vectors() if shared else None
        rows.append([_share(model, pasted, target, index, method, vectors) for model in models])
    return tuple(np.asarray(row) for row in zip(*rows, strict=True)) if rows else tuple(np.zeros(0) for _ in models)


def _share(
    model: LoadedModel, pasted: Pasted, target: str, index: int, method: Explainer, vectors: Vectors | None
) -> float:
    """Return the share of one case's absolute attribution that lies at the pasted places."""
    network = model.network
    with torch.no_grad():
        entries = network.enter({field: value[index : index + 1] for field, value in pasted.inputs.items()})
    present = [entries[field].present for field in network.fields]
    module = (
        LogitModule(network, target, present)
        if vectors is None
        else RememberingModule(network, target, present, vectors)
    )
    kinds = tuple(model.spec.field(field).kind for field in network.fields)
    subject = Subject(module, kinds, model.manifest.target(target).output_sd, model.lock)
    one = tuple(entries[field].values for field in network.fields)
    blank = tuple(network.encoder(field).neutral(entries[field].values) for field in network.fields)
    with torch.no_grad():
        label = int(module(*one).argmax(dim=1))
    values = method.explain(subject, one, label, blank).values
    inside = total = 0.0
    for field, value in zip(network.fields, values, strict=True):
        total += float(value.abs().sum())
        inside += float((value.abs() * entry_mask(pasted.places[field][index], value)).sum())
    return inside / total if total > 0 else 0.0
