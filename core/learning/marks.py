"""Marked examples, and what can be done with marked content: replace, paste, swap. For every field kind.

A mark is a boolean tensor that broadcasts over a field's input: image [1, S, S], table [features], text [tokens].
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.models.examples import Examples

Inputs = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class MarkedExamples:
    """Cases that people marked; row i may be the same case as row j under another artefact.

    `ignore` and `look` hold, per field, a boolean tensor [rows, ...] that broadcasts over the field's input.
    """

    examples: Examples
    ignore: Inputs
    look: Inputs
    artefacts: tuple[str | None, ...]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.artefacts)

    def rows(self, chosen: Sequence[int]) -> "MarkedExamples":
        """Return the chosen rows."""
        index = torch.as_tensor(list(chosen), dtype=torch.long)
        return MarkedExamples(
            self.examples.select(index),
            {field: mask[index] for field, mask in self.ignore.items()},
            {field: mask[index] for field, mask in self.look.items()},
            tuple(self.artefacts[int(i)] for i in index),
        )

    def of_artefact(self, name: str) -> "MarkedExamples":
        """Return the rows of one artefact."""
        return self.rows([i for i, artefact in enumerate(self.artefacts) if artefact == name])

    def with_ignore(self) -> "MarkedExamples":
        """Return the rows that have an *ignore* mark in any field."""
        if not len(self):
            return self
        any_mark = torch.stack([mask.flatten(1).any(dim=1) for mask in self.ignore.values()]).any(dim=0)
        return self.rows([int(i) for i in torch.nonzero(any_mark).flatten()])


def tensors(examples: Examples, device: torch.device) -> dict[str, Tensor]:
    """Return the network inputs of all examples by field: floats from 0 to 1."""
    return examples.batch(range(len(examples)), device)


def targets(examples: Examples, device: torch.device) -> dict[str, Tensor]:
    """Return the class indexes of all examples by target; -1 where there is no label."""
    return examples.batch_labels(range(len(examples)), device)


def blend(inputs: Inputs, donors: Inputs, masks: Inputs) -> dict[str, Tensor]:
    """Return inputs whose marked places hold the donors' content; fields without a mask stay as they are."""
    return {
        field: torch.where(masks[field].to(value.device), donors[field].to(value.device), value)
        if field in masks
        else value
        for field, value in inputs.items()
    }


def donors_of(count: int, generator: torch.Generator) -> Tensor:
    """Return, for each of `count` cases, the case whose content it gets; never itself (where there are two or more)."""
    order = torch.randperm(count, generator=generator)
    donor = torch.empty_like(order)
    donor[order] = order.roll(1)
    return donor


def swap(inputs: Inputs, masks: Inputs, generator: torch.Generator) -> dict[str, Tensor]:
    """Exchange marked content between the cases of a batch: each gets the content of another, at its mask.

    The shift is a random rotation, so no case keeps its own content (in a batch of at least two).
    """
    count = len(next(iter(inputs.values())))
    if count < 2:
        return dict(inputs)
    donor = donors_of(count, generator)
    return blend(inputs, {field: value[donor.to(value.device)] for field, value in inputs.items()}, masks)


def draw_masks(marked: MarkedExamples, count: int, generator: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
    """Draw `count` rows with replacement; return their indices and their *ignore* masks."""
    rows = torch.randint(len(marked), (count,), generator=generator)
    return rows, {field: mask[rows] for field, mask in marked.ignore.items()}


def paste(inputs: Inputs, marked: MarkedExamples, rows: Tensor, device: torch.device) -> dict[str, Tensor]:
    """Paste, into case i, the marked content of row `rows[i]` at the place where it was marked."""
    donors = marked.examples.batch(rows, device)
    masks = {field: mask[rows] for field, mask in marked.ignore.items()}
    return blend(inputs, donors, masks)
