"""The decoy in pictures: a shortcut planted on every training case, and marks of several qualities on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from core.contracts import WorkspaceSpec
from core.learning.marks import MarkedExamples
from core.models.examples import Examples
from tests.benchmarks._decoy_artefacts import Artefact, Box
from tests.benchmarks._decoy_pictures import Labels, Pictures, Pixels
from tests.benchmarks._decoy_recipe import Recipe

FIELD, TARGET, ARTEFACT = "image", "class", "decoy"
RATE_FACTOR = 3.0
"""Chosen on MNIST's validation cases with swapped content, 100 marks: .90 are right with 1 and .91 with 3 after fine-
tuning, .91 and .92 from scratch."""
WRONG_SHARE = 0.2
Quality = Literal["exact", "wrong", "dilated", "shrunk"]
"""How well people marked: `wrong`: a fifth of the marks stand elsewhere; `dilated`: four times the area; `shrunk`: a
quarter of it."""


@dataclass(frozen=True)
class Planted:
    """Pictures with the shortcut in a share of them, and where it is (None: nowhere)."""

    pixels: Pixels
    boxes: tuple[Box | None, ...]


def planted(pixels: Pixels, told: Labels, artefact: Artefact, draw: np.random.Generator, share: float = 1.0) -> Planted:
    """Plant the shortcut so that it tells `told`."""
    changed, boxes = pixels.copy(), []
    for picture, label in zip(changed, told.tolist(), strict=True):
        box = artefact.box(label, picture.shape[-1], draw) if draw.random() < share else None
        boxes.append(box)
        if box is not None:
            picture[:, box.mask(picture.shape[-1])] = artefact.shade(label)
    return Planted(changed, tuple(boxes))


def turned(pixels: Pixels, labels: Labels, artefact: Artefact, draw: np.random.Generator) -> Pixels:
    """Plant the shortcut so that it misleads: the shade, or the place, of another label, the farther the better."""
    changed = pixels.copy()
    for picture, label in zip(changed, labels.tolist(), strict=True):
        box = artefact.box(artefact.turned_box(label), picture.shape[-1], draw)
        picture[:, box.mask(picture.shape[-1])] = artefact.turned_shade(label)
    return changed


@dataclass(frozen=True)
class PictureDecoy:
    """One seed of a decoy in pictures."""

    pictures: Pictures
    artefact: Artefact
    spec: WorkspaceSpec
    seed: int
    share: float = 1.0
    """Share of the training cases that carry the shortcut."""

    def _draw(self, use: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, use])

    @cached_property
    def _train(self) -> Planted:
        parts = self.pictures
        return planted(parts.train, parts.train_labels, self.artefact, self._draw(1), self.share)

    @cached_property
    def _validation_rows(self) -> int:
        return len(self.pictures.train) // 10

    @cached_property
    def carriers(self) -> NDArray[np.int64]:
        """Training rows that carry the shortcut, in the order in which people mark them."""
        rows = [row for row in range(self._validation_rows, len(self._train.boxes)) if self._train.boxes[row]]
        return self._draw(2).permutation(rows)

    def recipe(self) -> Recipe:
        """Return what a benchmark trains and tests on."""
        planted_, held = self._train, self._validation_rows
        labels = self.pictures.train_labels
        return Recipe(
            self.spec,
            _examples(planted_.pixels[held:], labels[held:], held),
            _examples(planted_.pixels[:held], labels[:held], 0),
            self.marks,
            self._tests(),
            self.seed,
            rate_factor=RATE_FACTOR,
        )

    def _tests(self) -> dict[str, Examples]:
        pixels, labels, draw = self.pictures.test, self.pictures.test_labels, self._draw(3)
        random = planted(pixels, draw.integers(10, size=len(labels)), self.artefact, draw)
        pictures = {"clean": pixels, "random": random.pixels, "inverted": turned(pixels, labels, self.artefact, draw)}
        return {name: _examples(value, labels, len(self.pictures.train)) for name, value in pictures.items()}

    def marked_rows(self, count: int) -> set[int]:
        """Return the rows of the recipe's training cases that the first `count` marks stand on."""
        return {int(row) - self._validation_rows for row in self.carriers[:count]}

    def masks(self) -> dict[int, torch.Tensor]:
        """Return the shortcut's place, bool [1, side, side], by row of the recipe's training cases that carry it."""
        side, boxes = self.pictures.train.shape[-1], self._train.boxes[self._validation_rows :]
        return {row: torch.from_numpy(box.mask(side)[None]) for row, box in enumerate(boxes) if box is not None}

    def marks(self, count: int, quality: Quality = "exact") -> MarkedExamples:
        """Return the first `count` marks of people who mark with some quality."""
        rows = self.carriers[:count]
        boxes = [box for row in rows if (box := self._train.boxes[row]) is not None]
        side, draw = self.pictures.train.shape[-1], self._draw(4)
        wrong = round(WRONG_SHARE * len(boxes)) if quality == "wrong" else 0
        boxes = [
            _elsewhere(box, side, draw) if place < wrong else _drawn(box, side, quality)
            for place, box in enumerate(boxes)
        ]
        return marked_pictures(_examples(self._train.pixels[rows], self.pictures.train_labels[rows], rows), boxes)


def marked_pictures(examples: Examples, boxes: Sequence[Box]) -> MarkedExamples:
    """Return cases with a box of each marked as *ignore*."""
    side = examples.inputs[FIELD].shape[-1]
    ignore = torch.from_numpy(np.stack([box.mask(side)[None] for box in boxes]))
    return MarkedExamples(
        examples, {FIELD: ignore}, {FIELD: torch.zeros_like(ignore)}, (ARTEFACT,) * len(boxes), {FIELD: "image"}
    )


def _elsewhere(box: Box, side: int, draw: np.random.Generator) -> Box:
    """Return a box of the same size that has no pixel of `box`."""
    while True:
        top, left = int(draw.integers(side - box.height + 1)), int(draw.integers(side - box.width + 1))
        other = Box(top, left, box.height, box.width)
        if not (other.mask(side) & box.mask(side)).any():
            return other


def _drawn(box: Box, side: int, quality: Quality) -> Box:
    """Return the box as people of some quality draw it: exact, twice as long and wide, or half, within the picture."""
    if quality not in ("dilated", "shrunk"):
        return box
    by = 2.0 if quality == "dilated" else 0.5
    height, width = (min(side, max(1, round(size * by))) for size in (box.height, box.width))
    top = min(max(0, box.top + (box.height - height) // 2), side - height)
    left = min(max(0, box.left + (box.width - width) // 2), side - width)
    return Box(top, left, height, width)


def _examples(pixels: Pixels, labels: Labels, first: int | NDArray[np.int64]) -> Examples:
    ids = range(first, first + len(labels)) if isinstance(first, int) else first.tolist()
    return Examples(
        tuple(ids),
        {FIELD: torch.from_numpy(np.ascontiguousarray(pixels))},
        {TARGET: torch.from_numpy(labels)},
        tuple(f"c{number}" for number in ids),
    )


def picture_spec(side: int, channels: int, encoder: dict[str, object], epochs: int, seed: int) -> WorkspaceSpec:
    """Return a workspace of one picture and ten classes."""
    return WorkspaceSpec.model_validate(
        {
            "name": "decoy",
            "title": "Decoy",
            "fields": [{"name": FIELD, "kind": "image", "size": side, "colour": "grey" if channels == 1 else "rgb"}],
            "targets": [{"name": TARGET, "classes": [str(number) for number in range(10)]}],
            "encoder": encoder,
            "training": {"seed": seed, "epochs": epochs, "batch_size": 256, "learning_rate": 1e-3},
        }
    )
