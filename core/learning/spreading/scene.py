"""The marks of a search as windows of pictures, at the scale that the search is done at."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from core.learning.spreading.places import Places
from core.learning.spreading.windows import Described, Shape, describe, template_of

SIDE = 96
"""Larger pictures are made smaller, as far as a mark keeps `LEAST` pixels."""
LEAST = 5
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
    """The mark that it shows; one that was turned shows the same."""


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


def factor_of(masks: Tensor) -> int:
    """Return by how much pictures are made smaller: marks [n, 1, S, S] keep `LEAST` pixels, pictures of `SIDE` stay."""
    side = masks.shape[-1]
    shortest = min(min(_box(mask[0])[2:]) for mask in masks)
    return max(1, min(side // SIDE if side > SIDE else 1, shortest // LEAST) if side <= 2 * SIDE else max(shortest // LEAST, side // (2 * SIDE)))


def smaller(pictures: Tensor, factor: int) -> Tensor:
    """Return pictures [n, c, S, S] as floats, averaged over squares of `factor` pixels."""
    values = pictures.float()
    size = values.shape[-1] // factor
    return values if factor == 1 else interpolate(values, (size, size), mode="area")


def scene_of(pictures: Tensor, masks: Tensor) -> Scene:
    """Return the scene of marks [n, 1, H, W] on pictures [n, c, H, W] of 0 to 1, both at the scale of the search."""
    shapes: list[Tensor] = []
    exemplars: list[Exemplar] = []
    for source, (picture, mask) in enumerate(zip(pictures, masks[:, 0], strict=True)):
        top, left, height, width = _box(mask)
        views = [(picture, mask[top : top + height, left : left + width], top, left)]
        if max(height, width) > LONG * min(height, width):
            views.append((picture.transpose(-1, -2), views[0][1].T, left, top))
        for view, shape, row, column in views:
            number = _shape_of(shape, shapes)
            row, column = _kept(row, shape, shapes[number], 0, picture), _kept(column, shape, shapes[number], 1, picture)
            exemplars.append(Exemplar(view, number, row, column, source))
    return Scene(tuple(Shape.of(shape) for shape in shapes), tuple(exemplars), int(pictures.shape[-1]))


def _kept(start: int, own: Tensor, shape: Tensor, dimension: int, picture: Tensor) -> int:
    """Return where a shape begins that is laid on a mark, centre on centre and within the picture."""
    moved = start + (own.shape[dimension] - shape.shape[dimension]) // 2
    return max(0, min(moved, picture.shape[-1] - shape.shape[dimension]))


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


def _box(mask: Tensor) -> tuple[int, int, int, int]:
    """Return top, left, height, width of what a mask [H, W] marks."""
    rows, columns = (torch.nonzero(mask.any(dim=dimension)).flatten() for dimension in (1, 0))
    return int(rows[0]), int(columns[0]), int(rows[-1] - rows[0]) + 1, int(columns[-1] - columns[0]) + 1
