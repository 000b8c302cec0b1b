"""Rows of a package's data set as examples, with a shortcut planted in those that a model learns from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from core.contracts import FieldSpec, WorkspaceSpec
from core.models.examples import Examples
from core.models.preparers import prepare
from core.sources.base import split_of
from core.sources.package import DATASETS
from tests.benchmarks._planted import Cells, Plant, has_shortcut

QUICK_ROWS = 600


@dataclass(frozen=True)
class Rows:
    """Labelled rows of a workspace's package data set."""

    spec: WorkspaceSpec
    cells: tuple[Cells, ...]
    shortcut: tuple[int, ...]
    """Whether each row has the shortcut, 0 or 1: by its label where a model learns, by chance elsewhere."""

    def split(self, name: str) -> list[int]:
        """Return the rows of a split."""
        rule = self.spec.split
        return [
            row for row, cells in enumerate(self.cells) if split_of(rule.seed, cells[str(rule.group)], rule) == name
        ]

    def examples(self, rows: Sequence[int], change: Callable[[int], Cells]) -> Examples:
        """Return rows as examples; `change` gives the cells of a row, shortcut and all."""
        cells, target = [change(row) for row in rows], self.spec.targets[0]
        labels = [target.classes.index(item[target.source_column]) for item in cells]
        inputs = {
            field.name: _prepared([item[field.source_column] for item in cells], field) for field in self.spec.fields
        }
        groups = tuple(item[str(self.spec.split.group)] for item in cells)
        return Examples(tuple(rows), inputs, {target.name: torch.tensor(labels)}, groups)


def rows_of(spec: WorkspaceSpec, *, quick: bool) -> Rows:
    """Return the labelled rows of the data set that a workspace reads; some of them for a quick look."""
    target = spec.targets[0]
    cases = [case for case in DATASETS[str(spec.source.dataset)].read(spec.split) if case.cells[target.source_column]]
    cases = cases[:: max(1, len(cases) // QUICK_ROWS)] if quick else cases
    cells = tuple(dict(case.cells) for case in cases)
    return Rows(spec, cells, tuple(has_shortcut(spec, case.name, dict(case.cells)) for case in cases))


def planted(rows: Rows, plant: Plant) -> Callable[[int], Cells]:
    """Return what gives a row's cells with the shortcut planted as the row has it."""
    return lambda row: plant(rows.cells[row], rows.shortcut[row])


def carriers(rows: Rows, count: int, seed: int) -> list[int]:
    """Return training rows that have the shortcut, in the order in which people mark them."""
    found = [row for row in rows.split("train") if rows.shortcut[row]]
    return [found[at] for at in np.random.default_rng([seed, 2]).permutation(len(found))[:count]]


def _prepared(values: Sequence[str], field: FieldSpec) -> torch.Tensor:
    number = field.kind == "numeric"
    return torch.from_numpy(np.stack([prepare(float(value) if number else value, field) for value in values]))
