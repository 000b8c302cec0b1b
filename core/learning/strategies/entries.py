"""Inputs laid open as floats with a gradient: where penalties by gradient and by perturbation work."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from core.learning.marks import Inputs, MarkedExamples, entry_mask
from core.models.encoders.base import Entry
from core.models.network import TandemNetwork

LOOK_WEIGHT = 0.1
"""Weight of the gradient outside a *look here* mark, relative to that inside an *ignore* mark."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A batch whose trained fields are entries with a gradient; frozen fields are vectors."""

    entries: Mapping[str, Entry]
    vectors: Inputs

    @property
    def values(self) -> dict[str, Tensor]:
        """Return the entries' values by field."""
        return {field: entry.values for field, entry in self.entries.items()}


def opened(network: TandemNetwork, inputs: Inputs) -> Opened:
    """Return a batch of inputs laid open; every entry's values require a gradient."""
    entries = {field: network.encoder(field).enter(inputs[field]) for field in trained_fields(network)}
    for entry in entries.values():
        if not entry.values.requires_grad:
            entry.values.requires_grad_()
    return Opened(entries, network.condense({field: inputs[field] for field in network.frozen_fields}))


def trained_fields(network: TandemNetwork) -> tuple[str, ...]:
    """Return the fields whose encoder trains."""
    return tuple(field for field in network.fields if field not in network.frozen_fields)


def answers(network: TandemNetwork, batch: Opened, values: Mapping[str, Tensor] | None = None) -> dict[str, Tensor]:
    """Return each target's logits [batch, classes] of an open batch, at other `values` where given."""
    chosen = batch.values if values is None else {**batch.values, **values}
    trained = {
        field: network.encode_entry(field, Entry(chosen[field], entry.present))
        for field, entry in batch.entries.items()
    }
    return network.decide(network.fusion({**trained, **batch.vectors}))


def wrong_places(field: str, marked: MarkedExamples, values: Tensor) -> Tensor:
    """Return the weight of each place where influence is not wanted: inside *ignore* 1, outside *look here* .1.

    Shape of `values`, an entry's [rows, ...]. Zero everywhere for a row without a mark in the field.
    """
    wrong = torch.zeros_like(values)
    if field in marked.ignore:
        wrong = wrong + entry_mask(marked.ignore[field], values)
    if field in marked.look:
        look = marked.look[field].to(values.device)
        has_look = look.flatten(1).any(dim=1).view(-1, *([1] * (look.dim() - 1)))
        wrong = wrong + LOOK_WEIGHT * entry_mask(has_look & ~look, values)
    return wrong


def gradient_penalty(network: TandemNetwork, marked: MarkedExamples, inputs: Inputs) -> Tensor:
    """Return the squared input gradient at wrong places, a weighted mean over annotated cases; 0 or more.

    The gradient is of the summed log-probabilities of all targets, for one spread of each field's values.

    Source: Ross, Hughes and Doshi-Velez, Right for the Right Reasons, IJCAI 2017.
    """
    batch = opened(network, inputs)
    score = torch.stack([torch.log_softmax(logits, dim=1).sum() for logits in answers(network, batch).values()]).sum()
    gradients = torch.autograd.grad(score, list(batch.values.values()), create_graph=True)
    rows = torch.zeros(len(marked), device=score.device)
    for field, gradient in zip(batch.values, gradients, strict=True):
        scaled = gradient * network.encoder(field).spread()
        rows = rows + (scaled.pow(2) * wrong_places(field, marked, gradient)).flatten(1).sum(dim=1)
    return weighted_mean(rows, marked)


def weighted_mean(rows: Tensor, marked: MarkedExamples) -> Tensor:
    """Return the mean over annotated cases [rows], each counting by the trust in its marks."""
    return (rows * marked.weights.to(rows.device)).sum() / len(marked)


def wrong_region(marked: MarkedExamples, batch: Opened) -> tuple[dict[str, Tensor], Tensor]:
    """Return where content must not matter, bool by field in the shape of the entries, and each row's weight [rows].

    That is inside *ignore* marks with weight 1; in a row with *look here* marks alone, outside them with weight .1.
    """
    values = batch.values
    ignored = {field: _inside(marked.ignore, field, value) for field, value in values.items()}
    has_ignore = torch.stack([place.flatten(1).any(dim=1) for place in ignored.values()]).any(dim=0)
    places = {}
    for field, value in values.items():
        look = _inside(marked.look, field, value)
        outside = look.flatten(1).any(dim=1).view(-1, *([1] * (look.dim() - 1))) & ~look
        places[field] = torch.where(has_ignore.view(-1, *([1] * (look.dim() - 1))), ignored[field], outside)
    return places, torch.where(has_ignore, 1.0, LOOK_WEIGHT)


def _inside(marks: Inputs, field: str, values: Tensor) -> Tensor:
    return (entry_mask(marks[field], values) > 0).expand(values.shape)
