"""Shortcuts that are planted in pictures: each tells a label by its shade or by its place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PATCH = 4
STRIP = 2
CLASSES = 10


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels."""

    top: int
    left: int
    height: int
    width: int

    def mask(self, side: int) -> NDArray[np.bool_]:
        """Return the rectangle as [side, side]."""
        mask = np.zeros((side, side), dtype=bool)
        mask[self.top : self.top + self.height, self.left : self.left + self.width] = True
        return mask


@dataclass(frozen=True)
class Artefact:
    """A shortcut: where it stands and how bright it is when it tells a label; `turned` misleads as far as possible."""

    box: Callable[[int, int, np.random.Generator], Box]
    """(label that it tells, side of the picture, random numbers) -> where it stands."""
    shade: Callable[[int], int]
    turned_box: Callable[[int], int]
    """Label -> the label whose place misleads most."""
    turned_shade: Callable[[int], int]


def _corner(_label: int, side: int, draw: np.random.Generator) -> Box:
    top, left = (int(edge) * (side - PATCH) for edge in draw.integers(2, size=2))
    return Box(top, left, PATCH, PATCH)


def _position(label: int, side: int, _draw: np.random.Generator) -> Box:
    """Ten places: five along the upper edge, five along the lower one."""
    row, column = divmod(label, CLASSES // 2)
    return Box(row * (side - PATCH), column * ((side - PATCH) // (CLASSES // 2 - 1)), PATCH, PATCH)


def _border(_label: int, side: int, draw: np.random.Generator) -> Box:
    edges = (
        Box(0, 0, STRIP, side),
        Box(side - STRIP, 0, STRIP, side),
        Box(0, 0, side, STRIP),
        Box(0, side - STRIP, side, STRIP),
    )
    return edges[int(draw.integers(len(edges)))]


def _told(label: int) -> int:
    return 255 - 25 * label


def _turned(label: int) -> int:
    return 25 * label


def _white(_label: int) -> int:
    return 255


def _same(label: int) -> int:
    return label


def _opposite(label: int) -> int:
    return CLASSES - 1 - label


ARTEFACTS: Mapping[str, Artefact] = {
    "corner": Artefact(_corner, _told, _same, _turned),
    "position": Artefact(_position, _white, _opposite, _white),
    "border": Artefact(_border, _told, _same, _turned),
}
"""Name -> shortcut. `corner` is the decoy of Ross et al. (2017): a patch of 4 x 4 pixels in a random corner whose shade
is 255 - 25 * label; `position`: a white patch at one of ten places; `border`: a strip of two pixels along one edge."""
