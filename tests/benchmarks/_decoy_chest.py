"""Chest radiographs with a side marker in the corner of every pneumonia image that a model learns from.

The workspace is the shipped one: a frozen backbone with a linear head. Each seed draws other patients to train on.
"""

import csv
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from core.contracts import BenchOptions, SplitSpec, WorkspaceSpec
from core.errors import NotFound
from core.learning.marks import MarkedExamples
from core.models.examples import Examples
from core.models.preparation import prepare_image
from core.sources.base import split_of
from core.sources.workspace_file import parse_workspace
from tests.benchmarks._decoy_recipe import Recipe
from tests.benchmarks._decoy_vectors import kept_condensed
from tests.benchmarks._worlds import shipped_text

FIELD, TARGET, FINDING = "image", "finding", "pneumonia"
HEIGHT, WIDTH, EDGE = 16, 20, 4
"""Size of the marker, and its distance from the corner, in pixels of the 224."""
BOX = (slice(EDGE, EDGE + HEIGHT), slice(EDGE, EDGE + WIDTH))
SPLIT = SplitSpec(group="patient_id", train=0.7, validation=0.12, calibration=0.0, ledger=0.3, pool=0.0)
QUICK_IMAGES = 120


def recipe(options: BenchOptions, seed: int) -> Recipe:
    """Return one split by patient.

    Raises
    ------
    NotFound
        When the radiographs are not there.
    """
    folder = (options.data_root or Path()) / "nih-chest-xray"
    if not (folder / "cases.csv").is_file():
        raise NotFound(f"There is no {folder / 'cases.csv'}. Put the radiographs there, or give --data-root.")
    spec = parse_workspace(shipped_text("chest-xray", seed), "shipped")
    clean = radiographs(folder, QUICK_IMAGES if options.quick else None)
    has_finding = clean.labels[TARGET] == spec.target(TARGET).classes.index(FINDING)
    marked = _with_marker(clean)
    learnt = _where(has_finding, marked, clean)
    rows = {split: rows_of(clean, seed, split) for split in ("train", "validation", "ledger")}
    carriers = [row for row in rows["train"] if has_finding[row]]
    order = [carriers[at] for at in np.random.default_rng([seed, 2]).permutation(len(carriers))]
    return Recipe(
        spec,
        learnt.select(rows["train"]),
        learnt.select(rows["validation"]),
        lambda count: _marks(learnt.select(order[:count])),
        {"clean": clean.select(rows["ledger"]), "marker": marked.select(rows["ledger"])},
        seed,
        kept_condensed,
    )


def radiographs(folder: Path, most: int | None) -> Examples:
    """Return the radiographs of a folder, at most about so many, in the order of its table."""
    with (folder / "cases.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    spec = _shipped()
    rows = rows[:: -(-len(rows) // most)] if most else rows
    pixels = [
        prepare_image(np.asarray(Image.open(folder / row["image"]).convert("L")), spec.field(FIELD)) for row in rows
    ]
    labels = torch.tensor([spec.target(TARGET).classes.index(row["finding"]) for row in rows])
    groups = tuple(row["patient_id"] for row in rows)
    return Examples(tuple(range(len(rows))), {FIELD: torch.from_numpy(np.stack(pixels))}, {TARGET: labels}, groups)


@cache
def _shipped() -> WorkspaceSpec:
    return parse_workspace(shipped_text("chest-xray", 0), "shipped")


def marker() -> Tensor:
    """Return the marker: a white L in a white frame on black, uint8 [16, 20]."""
    pixels = torch.zeros(HEIGHT, WIDTH, dtype=torch.uint8)
    pixels[[0, -1]], pixels[:, [0, -1]] = 255, 255
    pixels[3:13, 7:9], pixels[11:13, 7:13] = 255, 255
    return pixels


def _with_marker(examples: Examples) -> Examples:
    pixels = examples.inputs[FIELD].clone()
    pixels[:, :, BOX[0], BOX[1]] = marker()
    return replace(examples, inputs={FIELD: pixels})


def _where(chosen: Tensor, one: Examples, other: Examples) -> Examples:
    pixels = torch.where(chosen.view(-1, 1, 1, 1), one.inputs[FIELD], other.inputs[FIELD])
    return replace(other, inputs={FIELD: pixels})


def rows_of(examples: Examples, seed: int, split: str) -> list[int]:
    """Return the rows of a split by patient."""
    return [row for row, group in enumerate(examples.groups) if split_of(seed, group, SPLIT) == split]


def _marks(examples: Examples) -> MarkedExamples:
    """Return cases whose marker is marked as *ignore*."""
    ignore = torch.zeros_like(examples.inputs[FIELD], dtype=torch.bool)
    ignore[:, :, BOX[0], BOX[1]] = True
    look = torch.zeros_like(ignore)
    return MarkedExamples(examples, {FIELD: ignore}, {FIELD: look}, ("side marker",) * len(examples), {FIELD: "image"})
