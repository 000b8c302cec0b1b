"""How much of a map lies where a person marked the input, next to what an even map would reach."""

from dataclasses import dataclass

import torch
from torch import Tensor

from explain.assessment.parts import PADDING, Parts
from explain.base import Attribution, Subject
from explain.errors import ExplainError
from explain.quality import summed


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A marked part of one case."""

    masks: tuple[Tensor | None, ...]
    """For each input a mask, true inside: image [H, W], text [T], numbers [N], category []. None: not marked."""


@dataclass(frozen=True, slots=True)
class Localised:
    """How a map and a region lie to one another."""

    hit: bool
    """Pointing game: whether the strongest place lies inside."""
    mass: float | None
    """Share of the absolute attribution inside, 0 to 1; None for a map that is zero everywhere."""
    chance: float
    """Share of the places inside, 0 to 1: what an even map reaches in both."""


def localised(subject: Subject, parts: Parts, attribution: Attribution, region: Region) -> Localised | None:
    """Return how much of a map lies in a region; None when the region is empty or everything.

    A picture and a text are judged by themselves; the fields of a table together. Padding is no place.

    Raises
    ------
    ExplainError
        When a mask does not have its input's places.

    References
    ----------
    Zhang et al.: Top-down Neural Attention by Excitation Backprop, 2016 (pointing game).
    """
    sizes, inside = [], []
    for number in _judged(subject, region):
        places, mask = parts.places[number], region.masks[number]
        own = torch.zeros(places.shape, dtype=torch.bool) if mask is None else mask.detach().cpu().bool()
        if own.shape != places.shape:
            raise ExplainError(f"the region must be {tuple(places.shape)} as input {number}, got {tuple(own.shape)}.")
        real = places != PADDING
        inside.append(own[real])
        sizes.append(_sizes(attribution.values[number], places)[real])
    if not inside:
        return None
    return _compared(torch.cat(sizes), torch.cat(inside))


def _judged(subject: Subject, region: Region) -> list[int]:
    """Return the inputs that the region speaks of."""
    marked = {number for number, mask in enumerate(region.masks) if mask is not None}
    table = {number for number, kind in enumerate(subject.kinds) if kind in ("numeric", "categorical")}
    return sorted(marked | table if marked & table else marked)


def _sizes(values: Tensor, places: Tensor) -> Tensor:
    """Return the absolute attribution of each place; colours are summed after taking it."""
    heat = values.detach().cpu().double()
    if heat.ndim == 3:
        return heat.abs().sum(dim=0)
    return heat.abs() if heat.shape == places.shape else summed(heat).abs()


def _compared(sizes: Tensor, inside: Tensor) -> Localised | None:
    chance = float(inside.double().mean()) if len(inside) else 0.0
    if chance in (0.0, 1.0):
        return None
    total = float(sizes.sum())
    mass = float(sizes[inside].sum()) / total if total > 0 else None
    return Localised(total > 0 and bool(inside[sizes.argmax()]), mass, chance)
