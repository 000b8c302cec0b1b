"""What is removed, put back and ranked together: cells of a picture, fields of a table, words of a text."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from explain.base import InputKind, Subject
from explain.errors import ExplainError
from explain.quality import summed

CELLS = 14
"""Cells along each side of a picture: 196 parts, each 16 pixels wide at 224."""
PADDING = -1


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """The parts of one case, numbered 0..count-1 over all its inputs."""

    places: tuple[Tensor, ...]
    """For each input the part of each place, int64: image [H, W], text [T] (-1 for padding), numbers [N] (one
    as a rule), category []."""
    count: int

    def totals(self, values: Sequence[Tensor]) -> Tensor:
        """Return each part's sum [count], float64.

        Parameters
        ----------
        values
            One number a place for each input (image [H, W], text [T], category []), or attributions of the input's
            shape, as in `explain.base.Attribution.values`, which are summed to one number a place first.

        Raises
        ------
        ExplainError
            When the values do not have the inputs' shapes.
        """
        if len(values) != len(self.places):
            raise ExplainError(f"the case has {len(self.places)} inputs, got values of {len(values)}.")
        sums = torch.zeros(self.count + 1, dtype=torch.float64)  # the last collects padding
        for value, places in zip(values, self.places, strict=True):
            flat = value.detach().to("cpu", torch.float64)
            flat = flat if flat.shape == places.shape else summed(flat)
            if flat.shape != places.shape:
                raise ExplainError(
                    f"a map must have its input's places {tuple(places.shape)}, got {tuple(flat.shape)}."
                )
            sums.index_add_(0, places.reshape(-1) % (self.count + 1), flat.reshape(-1))
        return sums[:-1]

    def spread(self, chosen: Tensor) -> tuple[Tensor, ...]:
        """Return rows of chosen parts [R, count] (bool) as masks of the inputs' places: [R, H, W], [R, T], [R, N], [R].

        Padding is never chosen.
        """
        padded = torch.cat([chosen, torch.zeros_like(chosen[:, :1])], dim=1)  # index -1 is padding
        return tuple(padded[:, places] for places in self.places)


def parts_of(subject: Subject, inputs: tuple[Tensor, ...], cells: int = CELLS) -> Parts:
    """Return the parts of one case; `inputs` as for `explain.base.Explainer.explain`.

    Examples
    --------
    A picture of 2 x 2 pixels with a number has five parts:

    >>> from torch import nn
    >>> subject = Subject(nn.Identity(), ("image", "numeric"), (1.0, 1.0))
    >>> parts_of(subject, (torch.zeros(1, 3, 2, 2), torch.zeros(1, 1))).count
    5
    """
    places: list[Tensor] = []
    count = 0
    for number, (kind, item) in enumerate(zip(subject.kinds, inputs, strict=True)):
        words = subject.words[number] if subject.words is not None else None
        own = _places(kind, item[0].detach().cpu(), None if words is None else words.cpu(), cells)
        places.append(torch.where(own >= 0, own + count, PADDING))
        count += int(own.max()) + 1 if own.numel() else 0
    return Parts(tuple(places), count)


def _places(kind: InputKind, item: Tensor, words: Tensor | None, cells: int) -> Tensor:
    """Return the parts of one input without the batch, numbered from 0."""
    if kind == "image":
        return _grid(item.shape[-2], item.shape[-1], cells)
    if kind == "categorical":
        return torch.zeros((), dtype=torch.int64)
    if kind == "numeric":
        return torch.arange(item.numel()).reshape(item.shape)
    real = item.any(dim=-1) if item.ndim == 2 else item != 0  # [T]
    numbers = torch.arange(len(item)) if words is None else words
    real &= numbers >= 0
    own = torch.full((len(item),), PADDING, dtype=torch.int64)
    own[real] = torch.unique(numbers[real], return_inverse=True)[1]
    return own


def _grid(height: int, width: int, cells: int) -> Tensor:
    tall, wide = min(cells, height), min(cells, width)
    rows = torch.arange(height) * tall // height
    columns = torch.arange(width) * wide // width
    return rows[:, None] * wide + columns[None, :]
