"""What stands where people marked an image: what is ordinary there, and how alike the marks of an artefact are."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from core.learning.marks import MarkedExamples
from core.models.examples import Examples

REFERENCES = 300
"""Training cases that say what is ordinary at a place."""
FEWEST_REFERENCES = 20
TOLERANCE = 12
"""Grey levels of 255 within which two pixels show the same."""
ORDINARY = 0.6
"""Share of the other cases that show the same at a pixel, from which on it is ordinary there."""
TOGETHER = 10
"""Marks of an artefact that must cover a pixel before they are judged together."""
ALONE = 2 / 9
"""Share of a pixel's neighbourhood that stands out by chance: a lone pixel, or two."""
WINDOW = 16
"""Side of the pictures that marks are compared on."""
BLANK = 0.01
"""Standard deviation, of 1, below which a window shows nothing."""


@dataclass(frozen=True, slots=True)
class Box:
    """The rectangle around a mark, in pixels: rows top to bottom, columns left to right; ends excluded."""

    top: int
    bottom: int
    left: int
    right: int


def box_of(mask: Tensor) -> Box:
    """Return the rectangle around a mark [S, S] that has at least one pixel."""
    rows, columns = torch.nonzero(mask.any(dim=1)).flatten(), torch.nonzero(mask.any(dim=0)).flatten()
    return Box(int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)


def differing(marked: MarkedExamples, train: Examples, field: str) -> Tensor:
    """Return the marked pixels whose content is not what other cases show there, bool [rows, 1, S, S].

    Other cases are training cases with another label, so that an artefact that goes with a label is not taken for
    ordinary. A pixel is ordinary when most of them show the same; or, where ten marks or more of the artefact cover
    it, when their values there spread as everybody's do.
    """
    found = torch.zeros_like(marked.ignore[field])
    for name in dict.fromkeys(marked.artefacts):
        rows = [i for i, artefact in enumerate(marked.artefacts) if artefact == name]
        for row, differs in _of_artefact(marked, train, field, rows).items():
            found[row, 0] = differs
    return found


def _of_artefact(marked: MarkedExamples, train: Examples, field: str, rows: list[int]) -> dict[int, Tensor]:
    rare: dict[int, Tensor] = {}
    together = _Together(marked.ignore[field].shape[-1])
    for row in rows:
        mask = marked.ignore[field][row, 0]
        if not mask.any():
            continue
        box, others = box_of(mask), references(marked, train, row)
        here = _cut(marked.examples.inputs[field][row : row + 1], box)[0].short()
        there = _cut(train.inputs[field], box)[others].short()
        same = ((there - here).abs() <= TOLERANCE).all(dim=1).float().mean(dim=0)
        rare[row] = torch.zeros_like(mask)
        rare[row][box.top : box.bottom, box.left : box.right] = same < ORDINARY
        rare[row] &= mask
        together.add(box, here, there, mask)
    ordinary = together.ordinary()
    return {row: differs & ~ordinary for row, differs in rare.items()}


def references(marked: MarkedExamples, train: Examples, row: int) -> Tensor:
    """Return training rows that say what is ordinary for a marked row: of another label, where there are enough."""
    own = train.case_ids
    case = marked.examples.case_ids[row]
    eligible = torch.tensor([other != case for other in own])
    differs = torch.zeros(len(train), dtype=torch.bool)
    for target, labels in train.labels.items():
        label = int(marked.examples.labels[target][row])
        if label >= 0:
            differs |= (labels.cpu() >= 0) & (labels.cpu() != label)
    chosen = torch.nonzero(eligible & differs).flatten()
    if len(chosen) < FEWEST_REFERENCES:
        chosen = torch.nonzero(eligible).flatten()
    order = torch.randperm(len(chosen), generator=torch.Generator().manual_seed(0))
    return chosen[order[:REFERENCES]]


def _cut(images: Tensor, box: Box) -> Tensor:
    return images[:, :, box.top : box.bottom, box.left : box.right]


class _Together:
    """Ranks of marked values among those of other cases, gathered over the marks of an artefact."""

    def __init__(self, side: int) -> None:
        self._count = torch.zeros(side, side)
        self._rank: Tensor | None = None
        self._square: Tensor | None = None

    def add(self, box: Box, here: Tensor, there: Tensor, mask: Tensor) -> None:
        """Take in one mark: its content [C, h, w] and that of other cases [n, C, h, w]."""
        rank = (there < here).float().mean(dim=0) + (there == here).float().mean(dim=0) / 2 - 0.5  # [C, h, w]
        side = self._count.shape[-1]
        if self._rank is None or self._square is None:
            self._rank, self._square = (torch.zeros(len(rank), side, side) for _ in range(2))
        inside = mask[box.top : box.bottom, box.left : box.right].float()
        place = (slice(box.top, box.bottom), slice(box.left, box.right))
        self._count[place] += inside
        self._rank[:, place[0], place[1]] += rank * inside
        self._square[:, place[0], place[1]] += rank.square() * inside

    def ordinary(self) -> Tensor:
        """Return the pixels [S, S] where enough marks lie and their values spread as those of other cases do.

        The mean rank of an ordinary value is 0 with the spread of an even distribution, whose variance is 1/12. What
        stands out alone does so by chance.
        """
        if self._rank is None or self._square is None:
            return torch.zeros_like(self._count, dtype=torch.bool)
        count = self._count.clamp(min=1)
        moved = (self._rank / count).abs() > 3 * (1 / 12 / count).sqrt()
        narrow = self._square / count < 1 / 24
        stands_out = (moved | narrow).any(dim=0) & (self._count > 0)
        around = functional.avg_pool2d(stands_out[None].float(), 3, stride=1, padding=1, count_include_pad=False)[0]
        return (self._count >= TOGETHER) & ~(stands_out & (around > ALONE))


def likeness(windows: Tensor) -> Tensor:
    """Return how alike each mark's window is to those of the other marks, [rows], 0 to 1; nan with no other.

    Normalised correlation, whatever the brightness and whichever way it is mirrored; the mean over the half of the
    other marks that are most alike, so that a few wrong ones do not matter.
    """
    count, flat = len(windows), windows.flatten(1)
    if count < 2:
        return torch.full((count,), float("nan"))
    mirrored = (windows, windows.flip(-1), windows.flip(-2), windows.flip(-1, -2))
    alike = torch.stack([(flat @ one.flatten(1).T).abs() for one in mirrored]).amax(dim=0)
    alike.fill_diagonal_(-1.0)
    return alike.sort(dim=1, descending=True).values[:, : max(1, count // 2)].mean(dim=1)


def windows_of(images: Tensor, masks: Tensor) -> Tensor:
    """Return the marked part of each image with a quarter more around it, [rows, C, 16, 16].

    Each has mean 0 in every channel and length 1; a window that shows nothing, and one without a mark, is all 0.
    `images` are uint8 [rows, C, S, S], `masks` bool [rows, 1, S, S].
    """
    shown = [_window(image.float() / 255, mask[0]) for image, mask in zip(images, masks, strict=True)]
    return torch.stack(shown) if shown else torch.zeros(0, images.shape[1], WINDOW, WINDOW)


def _window(image: Tensor, mask: Tensor) -> Tensor:
    blank = torch.zeros(len(image), WINDOW, WINDOW)
    if not mask.any():
        return blank
    box = box_of(mask)
    around = max(1, round(max(box.bottom - box.top, box.right - box.left) / 4))
    wide = Box(box.top, box.bottom + 2 * around, box.left, box.right + 2 * around)
    window = _cut(functional.pad(image, (around,) * 4, value=float("nan"))[None], wide)[0]
    outside = _cut(functional.pad(~mask, (around,) * 4, value=True)[None, None], wide)[0, 0]
    ring = window[:, outside].nanmedian(dim=1).values.nan_to_num(0.0)
    filled = torch.where(window.isnan(), ring[:, None, None], window)
    small = functional.interpolate(filled[None], size=(WINDOW, WINDOW), mode="bilinear", antialias=True)[0]
    centred = small - small.mean(dim=(1, 2), keepdim=True)
    return centred / centred.norm() if float(centred.std()) > BLANK else blank


def place_oddness(masks: Tensor) -> Tensor:
    """Return how far each mark [rows, 1, S, S] lies from where the others do, [rows], in robust standard deviations.

    A place is its distance from the nearest border in height and width, as a share of the side: corners count alike.
    """
    side = masks.shape[-1]
    places = torch.zeros(len(masks), 2)
    for row, mask in enumerate(masks[:, 0]):
        if mask.any():
            box = box_of(mask)
            near = (min(box.top, side - box.bottom), min(box.left, side - box.right))
            places[row] = torch.tensor(near, dtype=torch.float32) / side
    away = (places - places.median(dim=0).values).abs()
    spread = (1.4826 * away.median(dim=0).values).clamp(min=0.08)
    return (away / spread).amax(dim=1)
