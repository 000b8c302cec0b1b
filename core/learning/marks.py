"""Marked examples, and what can be done with marked content: replace it, paste it elsewhere, exchange it.

A mark is a boolean tensor at the prepared level: image [1, S, S], number and category [1], text [tokens]. How content
moves differs by kind (`core.learning.content`): pixels and values are put in place, words are put in and taken out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from core.contracts import FieldKind
from core.errors import BadInput
from core.learning.content import content_of
from core.models.examples import Examples

Inputs = Mapping[str, Tensor]
MOST_EXCHANGED = 0.25
"""Share of an image that a case exchanges at once, unless one mark alone is larger: the rest must still tell what it
shows."""
TRUSTED = 0.5
"""Weight from which on a row's marks count as marked places of all cases."""


@dataclass(frozen=True, slots=True)
class MarkedExamples:
    """Cases that people marked; row i may be the same case as row j under another artefact.

    `ignore` and `look` hold, per field, a boolean tensor [rows, ...] that broadcasts over the field's input.
    """

    examples: Examples
    ignore: Inputs
    look: Inputs
    artefacts: tuple[str | None, ...]
    kinds: Mapping[str, FieldKind]
    """Field -> its kind."""
    weights: Tensor = field(default_factory=lambda: torch.ones(0))
    """How far each row's marks are trusted, floats 0 to 1 [rows]; 1 where it is left out."""

    def __post_init__(self) -> None:
        """Trust every row where no weights are given.

        Raises
        ------
        BadInput
            When there is not one weight for each row.
        """
        if not len(self.weights):
            object.__setattr__(self, "weights", torch.ones(len(self)))
        if len(self.weights) != len(self):
            raise BadInput(f"Marks need one weight per row ({len(self)}), got {len(self.weights)}.")

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.artefacts)

    def rows(self, chosen: Sequence[int]) -> "MarkedExamples":
        """Return the chosen rows."""
        index = torch.as_tensor(list(chosen), dtype=torch.long)
        return replace(
            self,
            examples=self.examples.select(index),
            ignore={name: mask[index] for name, mask in self.ignore.items()},
            look={name: mask[index] for name, mask in self.look.items()},
            artefacts=tuple(self.artefacts[int(i)] for i in index),
            weights=self.weights[index],
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


@dataclass(frozen=True, slots=True)
class Pasted:
    """Inputs with marked content pasted in, and where it is now."""

    inputs: dict[str, Tensor]
    places: dict[str, Tensor]
    """Field -> bool [batch, ...], as marks are."""


def tensors(examples: Examples, device: torch.device) -> dict[str, Tensor]:
    """Return the network inputs of all examples by field."""
    return examples.batch(range(len(examples)), device)


def targets(examples: Examples, device: torch.device) -> dict[str, Tensor]:
    """Return the class indexes of all examples by target; -1 where there is no label."""
    return examples.batch_labels(range(len(examples)), device)


def donors_of(count: int, generator: torch.Generator) -> Tensor:
    """Return, for each of `count` cases, the case whose content it gets; never itself (where there are two or more)."""
    order = torch.randperm(count, generator=generator)
    donor = torch.empty_like(order)
    donor[order] = order.roll(1)
    return donor


def draw_rows(marked: MarkedExamples, count: int, generator: torch.Generator) -> Tensor:
    """Draw `count` marked rows with replacement."""
    return torch.randint(len(marked), (count,), generator=generator)


def replace_marked(inputs: Inputs, marked: MarkedExamples, donors: Inputs) -> dict[str, Tensor]:
    """Return marked cases whose marked content is gone: other cases' content stands there, marked words are left out.

    Row i of `inputs` is row i of `marked`.
    """
    return {
        field: content_of(marked.kinds[field]).replace(value, donors[field], marked.ignore[field].to(value.device))
        for field, value in inputs.items()
    }


def exchange(inputs: Inputs, marked: MarkedExamples, generator: torch.Generator) -> dict[str, Tensor]:
    """Return a batch in which marked content tells nothing any more at one marked place of each case.

    Each case takes a drawn row's marks: pixels and values there are exchanged with another case of the batch (a random
    rotation, so that no case keeps its own); marked words are put into a random half of the texts and taken out of the
    other half.
    """
    return _exchange(inputs, marked, generator, lambda field, rows: marked.ignore[field][rows])


def exchange_everywhere(inputs: Inputs, marked: MarkedExamples, generator: torch.Generator) -> dict[str, Tensor]:
    """Return a batch in which marked content tells nothing any more at any marked place.

    As `exchange`, but each case exchanges what stands at the places of all marks that are trusted. Where these cover
    more than a quarter of an image, each case takes as many drawn marks as cover about so much, at least one.
    """

    def places(field: str, rows: Tensor) -> Tensor:
        if marked.kinds[field] == "text":
            return marked.ignore[field][rows]
        return _places(marked, field, len(rows), generator)

    return _exchange(inputs, marked, generator, places)


def _exchange(
    inputs: Inputs, marked: MarkedExamples, generator: torch.Generator, places: Callable[[str, Tensor], Tensor]
) -> dict[str, Tensor]:
    """Exchange content at `places(field, drawn rows)`, bool [batch, ...]."""
    count = len(next(iter(inputs.values())))
    if count < 2:
        return dict(inputs)
    rows, donor = draw_rows(marked, count, generator), donors_of(count, generator)
    return {
        field: content_of(marked.kinds[field]).exchange(
            value,
            value[donor.to(value.device)],
            marked.examples.inputs[field][rows].to(value.device),
            places(field, rows).to(value.device),
            generator,
        )
        for field, value in inputs.items()
    }


def _places(marked: MarkedExamples, field: str, count: int, generator: torch.Generator) -> Tensor:
    """Return the places of all trusted marks for each of `count` cases; of some, drawn, where all cover too much."""
    trusted = marked.weights >= TRUSTED
    masks = marked.ignore[field][trusted if bool(trusted.any()) else slice(None)]
    union = masks.any(dim=0, keepdim=True)
    if marked.kinds[field] != "image" or float(union.float().mean()) <= MOST_EXCHANGED:
        return union.expand(count, *union.shape[1:])
    times = max(1, int(MOST_EXCHANGED / float(masks.float().mean())))
    return masks[torch.randint(len(masks), (times, count), generator=generator)].any(dim=0)


def paste(
    inputs: Inputs, marked: MarkedExamples, rows: Tensor, generator: torch.Generator, *, toggle: bool = False
) -> Pasted:
    """Paste, into case i, the marked content of row `rows[i]`: pixels and values where they were marked.

    Marked words are put in at a random place; a text that has all of them already loses them before. With `toggle`
    such a text stays without them, so that each answer is compared with and without them.
    """
    pasted = {
        field: content_of(marked.kinds[field]).paste(
            value,
            marked.examples.inputs[field][rows].to(value.device),
            marked.ignore[field][rows].to(value.device),
            generator,
            toggle,
        )
        for field, value in inputs.items()
    }
    return Pasted({f: own for f, (own, _) in pasted.items()}, {f: place for f, (_, place) in pasted.items()})


def entry_mask(mask: Tensor, entry: Tensor) -> Tensor:
    """Return a mark as floats that broadcast over an entry's values: a text's tokens get a dimension for the vector."""
    return mask.view(*mask.shape, *([1] * (entry.ndim - mask.ndim))).to(entry.device).float()
