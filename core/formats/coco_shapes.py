"""Shapes of COCO annotations as masks and back: boxes, polygons, run lengths (plain and compressed)."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

Mask = NDArray[np.bool_]
"""bool [height, width]"""
SLACK = 1.0
"""Pixels by which a coordinate may lie outside the image: annotation tools round."""
_FIRST, _LAST, _MORE = 48, 111, 32
"""A compressed count is written in characters of six bits from `0` on; bit 5 says that more follow."""
_LARGEST = 60
"""Bits that a count may have."""


class ShapeError(Exception):
    """A shape that can't be used; says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def shape_mask(segmentation: object, bbox: object, width: int, height: int) -> Mask | None:
    """Return what an annotation marks, None when it has no shape.

    The segmentation counts where there is one: a list of polygons [x1, y1, x2, y2, ...] or an object of run lengths
    {"size": [height, width], "counts": ...}. Else the box [left, top, width, height] does. All in pixels.

    Raises
    ------
    ShapeError
        When the shape lies outside the image, has a negative or no size, is of another size than the image, or is
        not of the format.
    """
    if isinstance(segmentation, Mapping):
        return _run_lengths(segmentation, width, height)
    if isinstance(segmentation, list) and segmentation:
        return _polygons(segmentation, width, height)
    if isinstance(bbox, list) and bbox:
        return _box(bbox, width, height)
    return None


def run_lengths(mask: Mask) -> dict[str, object]:
    """Return a mask as compressed run lengths; `shape_mask` gives the same mask back."""
    encoded = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {"size": [int(side) for side in encoded["size"]], "counts": encoded["counts"].decode("ascii")}


def bounding_box(mask: Mask) -> list[int]:
    """Return [left, top, width, height] of what is marked."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    return [left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1]


def _run_lengths(given: Mapping[str, object], width: int, height: int) -> Mask:
    if given.get("size") != [height, width]:
        raise ShapeError(f"the run lengths are of size {given.get('size')}, the image is {[height, width]}")
    counts = given.get("counts")
    numbers = _decompressed(counts) if isinstance(counts, str) else _plain(counts)
    if sum(numbers) != width * height or min(numbers, default=0) < 0:
        raise ShapeError(f"the run lengths sum to {sum(numbers):,}, the image has {width * height:,} pixels")
    marked = np.arange(len(numbers)) % 2 == 1
    return np.repeat(marked, numbers).reshape((height, width), order="F")


def _plain(counts: object) -> list[int]:
    if not isinstance(counts, list) or any(isinstance(n, bool) or not isinstance(n, int) for n in counts):
        raise ShapeError("the run lengths are no list of whole numbers and no compressed text")
    return counts


def _decompressed(text: str) -> list[int]:
    """Return the counts of a compressed text, read here because pycocotools trusts it to be whole."""
    counts: list[int] = []
    value = shift = 0
    for character in text:
        if not _FIRST <= ord(character) <= _LAST:
            raise ShapeError("the compressed run lengths hold a character that does not belong there")
        bits = ord(character) - _FIRST
        value |= (bits & 31) << shift
        shift += 5
        if shift > _LARGEST:
            raise ShapeError("the compressed run lengths hold a number that is too large")
        if bits & _MORE:
            continue
        if bits & 16:  # the sign
            value -= 1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
        value = shift = 0
    if shift:
        raise ShapeError("the compressed run lengths are cut short")
    return counts


def _polygons(given: list[object], width: int, height: int) -> Mask:
    polygons = [_polygon(item, width, height) for item in given]
    joined = coco_mask.merge(coco_mask.frPyObjects(polygons, height, width))
    mask = _run_lengths({"size": [height, width], "counts": joined["counts"].decode("ascii")}, width, height)
    if not mask.any():
        raise ShapeError("the polygons mark no pixel")
    return mask


def _polygon(given: object, width: int, height: int) -> list[float]:
    if not isinstance(given, list) or len(given) < 6 or len(given) % 2:
        raise ShapeError("a polygon is no list of x and y of at least three points")
    points = [_number(value) for value in given]
    for value, side in zip(points, (width, height) * (len(points) // 2), strict=True):
        _check_inside(value, side, width, height)
    sides = (float(width), float(height)) * (len(points) // 2)
    return [min(max(value, 0.0), side) for value, side in zip(points, sides, strict=True)]


def _box(given: list[object], width: int, height: int) -> Mask:
    if len(given) != 4:
        raise ShapeError(f"the box has {len(given)} numbers; wanted left, top, width, height")
    left, top, wide, high = (_number(value) for value in given)
    if wide <= 0 or high <= 0:
        raise ShapeError(f"the box is {wide:g} x {high:g} pixels; wanted a size above 0")
    for value, side in ((left, width), (top, height), (left + wide, width), (top + high, height)):
        _check_inside(value, side, width, height)
    mask = np.zeros((height, width), dtype=bool)
    rows, columns = _pixels(top, high, height), _pixels(left, wide, width)
    mask[rows, columns] = True
    return mask


def _pixels(start: float, length: float, side: int) -> slice:
    """Return the pixels whose middle the interval covers, at least one."""
    first = min(max(round(start), 0), side - 1)
    return slice(first, max(min(round(start + length), side), first + 1))


def _check_inside(value: float, side: int, width: int, height: int) -> None:
    if not -SLACK <= value <= side + SLACK:
        raise ShapeError(f"it lies outside the image, which is {width} x {height} pixels: a coordinate is {value:g}")


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ShapeError(f"a coordinate is {value!r}; wanted a finite number")
    return float(value)
