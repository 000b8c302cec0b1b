"""Regions of the same size and shape elsewhere: what any such removal would do."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.contracts import WorkspaceSpec

Mask = NDArray[np.bool_]
PLACES = 12
"""Other places that are tried, fewer where there are fewer."""
FEWEST = 4
"""With fewer pieces of as many other words, other words anywhere are taken."""
DRAWS = 96
OVERLAP = 0.5
"""Another place may share this much of the region."""


def elsewhere(masks: Mapping[str, Mask], spec: WorkspaceSpec, seed: int = 0) -> list[dict[str, Mask]]:
    """Return regions of the same size elsewhere, at most 12, the same for the same region.

    A picture's region is shifted; table fields become as many others; a text's words become as many other words, in
    one piece where they are in one piece and there is room. Empty where a field has no room for another such region.
    """
    generator = np.random.default_rng(seed)
    kinds = {item.name: item.kind for item in spec.fields}
    parts: list[list[dict[str, Mask]]] = []
    for name, mask in masks.items():
        if mask.any() and kinds[name] == "image":
            parts.append([{name: other} for other in _shifted(mask, generator)])
        elif mask.any() and kinds[name] == "text":
            parts.append([{name: other} for other in _other_words(mask, generator)])
    table = {name: mask for name, mask in masks.items() if kinds[name] in ("numeric", "categorical")}
    if any(mask.any() for mask in table.values()):
        parts.append(_other_fields(table, generator))
    empty = {name: np.zeros_like(mask) for name, mask in masks.items()}
    count = min((len(part) for part in parts), default=0)
    return [empty | {k: v for part in parts for k, v in part[number].items()} for number in range(count)]


def _shifted(mask: Mask, generator: np.random.Generator) -> list[Mask]:
    """Return shifts of a region that stay in the picture and hardly overlap it; wrapped around where none does."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    height, width = mask.shape
    inside = _moved(mask, generator, (-rows[0], height - rows[-1]), (-columns[0], width - columns[-1]))
    if len(inside) < PLACES:
        inside += _moved(mask, generator, (0, height), (0, width))
    return inside[:PLACES]


def _moved(
    mask: Mask, generator: np.random.Generator, vertical: tuple[int, int], horizontal: tuple[int, int]
) -> list[Mask]:
    steps = {
        (int(generator.integers(*vertical)), int(generator.integers(*horizontal))): None for _ in range(DRAWS)
    }  # a dictionary keeps the order
    moved = [np.roll(mask, step, axis=(0, 1)) for step in steps]
    return [other for other in moved if (other & mask).sum() <= OVERLAP * mask.sum()]


def _other_words(mask: Mask, generator: np.random.Generator) -> list[Mask]:
    count, places = int(mask.sum()), np.flatnonzero(mask)
    if places[-1] - places[0] + 1 == count:
        starts = [start for start in range(len(mask) - count + 1) if not mask[start : start + count].any()]
        if len(starts) >= FEWEST:
            chosen = generator.permutation(np.array(starts, dtype=np.int64))[:PLACES]
            return [_of_places(np.arange(start, start + count), len(mask)) for start in chosen]
    return _subsets(np.flatnonzero(~mask), count, len(mask), generator)


def _other_fields(table: Mapping[str, Mask], generator: np.random.Generator) -> list[dict[str, Mask]]:
    names = list(table)
    gone = np.array([bool(table[name].any()) for name in names])
    return [
        {name: np.array([bool(chosen)]) for name, chosen in zip(names, other, strict=True)}
        for other in _subsets(np.flatnonzero(~gone), int(gone.sum()), len(names), generator)
    ]


def _subsets(places: NDArray[np.int64], count: int, length: int, generator: np.random.Generator) -> list[Mask]:
    """Return different choices of `count` among `places`, at most 12."""
    if len(places) < count:
        return []
    drawn = {tuple(sorted(generator.permutation(places)[:count].tolist())): None for _ in range(DRAWS)}
    return [_of_places(np.array(chosen), length) for chosen in drawn][:PLACES]


def _of_places(places: NDArray[np.int64], length: int) -> Mask:
    mask = np.zeros(length, dtype=bool)
    mask[places] = True
    return mask
