"""Pictures with a grey patch in a corner whose shade tells the label, and marks on it of any quality."""

from collections.abc import Sequence

import torch
from torch import Tensor

from core.learning.marks import MarkedExamples
from core.models.examples import Examples

SIDE, PATCH = 28, 4
CORNERS = ((0, 0), (0, SIDE - PATCH), (SIDE - PATCH, 0), (SIDE - PATCH, SIDE - PATCH))
Place = tuple[int, int, int, int]
"""Top, left, height, width."""


def corner_of(case: int) -> Place:
    """Where a case's patch stands."""
    return (*CORNERS[case % 4], PATCH, PATCH)


def patched(count: int = 120) -> Examples:
    """Black pictures with a blob of their own in the middle and a patch in a corner; ten classes."""
    generator = torch.Generator().manual_seed(1)
    images = torch.zeros((count, 1, SIDE, SIDE), dtype=torch.uint8)
    images[:, :, 9:19, 9:19] = torch.randint(0, 256, (count, 1, 10, 10), generator=generator).to(torch.uint8)
    labels = torch.arange(count) // 4 % 10
    for case in range(count):
        top, left, height, width = corner_of(case)
        images[case, :, top : top + height, left : left + width] = 255 - 20 * labels[case]
    ids = tuple(range(count))
    return Examples(ids, {"image": images}, {"digit": labels}, tuple(map(str, ids)))


def grown(place: Place, by: int) -> Place:
    """A place with `by` pixels more on each side, within the picture."""
    top, left, height, width = place
    new_top, new_left = max(0, top - by), max(0, left - by)
    bottom, right = min(SIDE, top + height + by), min(SIDE, left + width + by)
    return (new_top, new_left, bottom - new_top, right - new_left)


def mask_of(places: Sequence[Place | None]) -> Tensor:
    """Marks bool [rows, 1, 28, 28] that cover one rectangle each."""
    masks = torch.zeros((len(places), 1, SIDE, SIDE), dtype=torch.bool)
    for row, place in enumerate(places):
        if place is not None:
            top, left, height, width = place
            masks[row, :, top : top + height, left : left + width] = True
    return masks


def marked_at(
    examples: Examples, rows: Sequence[int], ignore: Sequence[Place | None], look: Sequence[Place | None] | None = None
) -> MarkedExamples:
    """Rows of `examples`, marked to ignore at one place each and, where given, to look at another."""
    looked = mask_of(look if look is not None else [None] * len(rows))
    names = tuple("patch" if place is not None else None for place in ignore)
    return MarkedExamples(
        examples.select(list(rows)), {"image": mask_of(ignore)}, {"image": looked}, names, {"image": "image"}
    )
