"""The marks of a search as windows of pictures, at the scale that the search is done at."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from core.learning.spreading.places import Places
from core.learning.spreading.windows import Described, Shape, describe, template_of

SIDE = 96
"""Larger pictures are made smaller, as far as marks can still be seen."""
LEAST, ENOUGH = 5, 10
"""Pixels that the shorter side of a mark keeps, and needs at most."""
MOST_SHAPES = 6
ALIKE = 0.7
"""Masks that overlap so far, one laid on the other, have one shape."""
LONG = 2.0
"""A shape that is so much longer than wide may lie the other way too."""


@dataclass(frozen=True, slots=True, eq=False)
class Exemplar:
    """A window that carries the artefact: on a marked case, or on one that was found."""

    picture: Tensor
    """[c, H, W], 0 to 1."""
    shape: int
    """Of the scene's shapes."""
    top: int
    left: int
    source: int
    """The mark that it shows."""
    turned: bool
    """Whether rows are columns here: a long mark may lie the other way too."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Shapes and exemplars."""

    shapes: tuple[Shape, ...]
    exemplars: tuple[Exemplar, ...]
    side: int

    def size(self, shape: int) -> tuple[int, int]:
        """Return height and width of a shape."""
        height, width = self.shapes[shape].mask.shape
        return height, width

    def places(self) -> Places:
        """Return how probable places are."""
        gaps = []
        for item in self.exemplars:
            height, width = self.size(item.shape)
            gaps.append([item.top, self.side - height - item.top, item.left, self.side - width - item.left])
        return Places(torch.tensor(gaps, dtype=torch.float32), self.side)

    def of_shape(self, shape: int) -> list[Exemplar]:
        """Return the exemplars of a shape; they are its templates, in this order."""
        return [item for item in self.exemplars if item.shape == shape]

    def described(self, pictures: Tensor, shape: int) -> Described:
        """Describe every place of a shape's window in pictures [n, c, H, W]."""
        ring = self.shapes[shape]
        own = [template_of(item.picture, ring, item.top, item.left) for item in self.of_shape(shape)]
        return describe(pictures, ring, torch.stack(own))


def size_of(masks: Tensor) -> int:
    """Return the side that pictures are searched at: up to `SIDE` where the marks [n, 1, S, S] can still be seen."""
    side = masks.shape[-1]
    shortest = min(min(box_of(mask[0])[2:]) for mask in masks)
    factor = max(1, math.ceil(side / (2 * SIDE)), min(math.ceil(side / SIDE), shortest // LEAST), shortest // ENOUGH)
    return int(side // factor)


def smaller(pictures: Tensor, size: int) -> Tensor:
    """Return pictures [n, c, S, S] of whole numbers up to 255 as floats up to 1 [n, c, size, size]."""
    values = pictures.float() / 255
    return values if values.shape[-1] == size else interpolate(values, (size, size), mode="area")


def smaller_masks(masks: Tensor, size: int) -> Tensor:
    """Return marks [n, 1, S, S] as [n, 1, size, size]; one that would vanish keeps what it covers most."""
    if masks.shape[-1] == size:
        return masks
    covered = interpolate(masks.float(), (size, size), mode="area")
    return covered >= covered.flatten(1).amax(dim=1).clamp(max=0.5)[:, None, None, None]


def scene_of(pictures: Tensor, masks: Tensor) -> Scene:
    """Return the scene of marks [n, 1, H, W] on pictures [n, c, H, W] of 0 to 1, both at the scale of the search."""
    shapes: list[Tensor] = []
    exemplars: list[Exemplar] = []
    for source, (picture, mask) in enumerate(zip(pictures, masks[:, 0], strict=True)):
        top, left, height, width = box_of(mask)
        shape = mask[top : top + height, left : left + width]
        views = [(picture, shape, (top, left))]
        if max(height, width) > LONG * min(height, width):
            views.append((picture.transpose(-1, -2), shape.T, (left, top)))
        for turned, (view, own, place) in enumerate(views):
            number = _shape_of(own, shapes)
            row, column = (_centred(place[i], own.shape[i], shapes[number].shape[i], view.shape[-1]) for i in (0, 1))
            exemplars.append(Exemplar(view, number, row, column, source, bool(turned)))
    return Scene(tuple(Shape.of(shape) for shape in shapes), tuple(exemplars), int(pictures.shape[-1]))


def _centred(start: int, length: int, other: int, side: int) -> int:
    """Return where a length begins that is laid on another, centre on centre and within the picture."""
    return max(0, min(start + (length - other) // 2, side - other))


def _shape_of(mask: Tensor, shapes: list[Tensor]) -> int:
    """Return the number of the shape that a mask has; a new one is added."""
    overlaps = [_overlap(mask, shape) for shape in shapes]
    if overlaps and (max(overlaps) >= ALIKE or len(shapes) >= MOST_SHAPES):
        return overlaps.index(max(overlaps))
    shapes.append(mask)
    return len(shapes) - 1


def _overlap(one: Tensor, other: Tensor) -> float:
    """Return the intersection over union of two shapes laid on each other, centre on centre."""
    height, width = (max(one.shape[i], other.shape[i]) for i in (0, 1))
    laid = []
    for shape in (one, other):
        whole = torch.zeros((height, width), dtype=torch.bool)
        top, left = (height - shape.shape[0]) // 2, (width - shape.shape[1]) // 2
        whole[top : top + shape.shape[0], left : left + shape.shape[1]] = shape.cpu()
        laid.append(whole)
    return float((laid[0] & laid[1]).sum() / (laid[0] | laid[1]).sum().clamp_min(1))


def box_of(mask: Tensor) -> tuple[int, int, int, int]:
    """Return top, left, height, width of what a mask [H, W] marks."""
    rows, columns = (torch.nonzero(mask.any(dim=dimension)).flatten() for dimension in (1, 0))
    return int(rows[0]), int(columns[0]), int(rows[-1] - rows[0]) + 1, int(columns[-1] - columns[0]) + 1
