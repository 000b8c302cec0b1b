"""A planted shortcut in words and one in a table: do 25 marks cure a model that learnt it?

In the cases that the first model learns from, the shortcut tells the label; in all others it is drawn at random. A
person then reads the worklist and marks it as *ignore*, 25 times. The model is retrained with the marks, and once more
with the corrected labels alone, as the control. What is measured is how many ledger answers change with the shortcut.
"""

import csv
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.contracts import Case, FieldValue, MarkForm, WorkspaceSpec
from core.learning.metrics import macro_auroc
from core.sources.base import split_of, uniform
from core.sources.package import DATASETS
from core.sources.workspace_file import parse_workspace
from tests.benchmarks._worlds import CHAMPION, World, home, shipped_text, trained

MARKS = 25
WORD = "quondam"
"""In no report. It is put after the first word of a text."""
LEAK = "desk"
DESKS = ("north", "south")
PERMUTATIONS = 10
Cells = dict[str, str]
Plant = Callable[[Cells, int], Cells]
"""Cells of a row and whether it has the shortcut (0 or 1) -> cells with it."""
Change = Callable[[Case], Case]


@dataclass(frozen=True)
class Planted:
    """What one seed gave; flips are shares of ledger answers, areas are where the shortcut tells nothing."""

    flips_before: float
    flips_after: float
    flips_control: float
    clean_auroc_before: float
    clean_auroc_after: float
    clean_auroc_control: float


def text_planted(seed: int) -> Planted:
    """Plant a word in the abnormal reports that train, mark it, retrain, and measure with and without the word."""
    text = shipped_text("radiology-reports", seed)
    with home() as container, _folder(text, with_word) as folder:
        world = trained(container, _from_folder(text), folder)
        return _measured(world, world.read(_mark_word, MARKS), [_toggled(False), _toggled(True)])


def table_planted(seed: int) -> Planted:
    """Plant a field that copies the label of the rows that train, mark it, retrain, and permute it on the ledger."""
    text = shipped_text("arrests", seed)
    with home() as container, _folder(text, with_leak) as folder:
        world = trained(container, with_leaked_field(_from_folder(text)), folder)
        ledger = world.labelled("ledger", world.spec.targets[0].name)[0]
        return _measured(world, world.read(_mark_leak, MARKS), [lambda case: case, *_permutations(ledger, seed)])


def with_leaked_field(text: str) -> str:
    """Return a workspace file that declares the leaked field, too."""
    field = f'[[fields]]\nname = "{LEAK}"\nkind = "categorical"\ncategories = {json.dumps(DESKS)}\n\n[[targets]]'
    return text.replace("[[targets]]", field, 1)


def _measured(world: World, marked: int, changes: Sequence[Change]) -> Planted:
    """Compare the answers after the first change with those after each other one, for the three versions."""
    if marked < MARKS:
        raise RuntimeError(f"only {marked} of {MARKS} cases with the shortcut were on the worklist")
    versions = (CHAMPION, world.retrain(), world.retrain(use_regions=False))
    target = world.spec.targets[0].name
    ledger, labels = world.labelled("ledger", target)
    flips, areas = [], []
    for version in versions:
        clean, *others = (world.answers(version, [change(case) for case in ledger], target) for change in changes)
        flips.append(float(np.mean([(other.argmax(axis=1) != clean.argmax(axis=1)).mean() for other in others])))
        areas.append(macro_auroc(labels)(clean, np.ones(len(labels))))
    return Planted(*flips, *areas)


@contextmanager
def _folder(text: str, plant: Plant) -> Iterator[Path]:
    """Write the labelled cases of a workspace's package data set as a folder with a CSV, the shortcut planted."""
    spec = parse_workspace(text, "shipped")
    rows = [
        {"id": case.name, **plant(dict(case.cells), has_shortcut(spec, case.name, dict(case.cells)))}
        for case in DATASETS[str(spec.source.dataset)].read(spec.split)
        if case.cells[spec.targets[0].source_column]
    ]
    with tempfile.TemporaryDirectory() as place:
        with (Path(place) / "cases.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        yield Path(place)


def has_shortcut(spec: WorkspaceSpec, name: str, cells: Cells) -> int:
    """Tell whether a case gets the shortcut: by its label where a model learns, by chance elsewhere."""
    target = spec.targets[0]
    if split_of(spec.split.seed, cells[str(spec.split.group)], spec.split) in ("train", "validation"):
        return target.classes.index(cells[target.source_column])
    return int(uniform(spec.split.seed, "planted", name) < 0.5)


def _from_folder(text: str) -> str:
    dataset = parse_workspace(text, "shipped").source.dataset
    return text.replace(f'kind = "package"\ndataset = "{dataset}"', 'kind = "folder"')


def with_word(cells: Cells, has: int) -> Cells:
    """Return the cells of a report, with the word where it has the shortcut."""
    return {**cells, "findings": _put_in(cells["findings"])} if has else cells


def _put_in(text: str) -> str:
    first, space, rest = text.partition(" ")
    return f"{first} {WORD}{space}{rest}"


def _toggled(there: bool) -> Change:
    """Return what makes sure that a case's text has the word, or has it not."""

    def change(case: Case) -> Case:
        text = (case.fields[0].text or "").replace(f" {WORD}", "")
        return replace(case, fields=(replace(case.fields[0], text=_put_in(text) if there else text),))

    return change


def _mark_word(case: Case) -> tuple[MarkForm, ...]:
    start = (case.fields[0].text or "").find(WORD)
    if start < 0:
        return ()
    return (MarkForm(case.fields[0].field, "ignore", "planted word", spans=((start, start + len(WORD)),)),)


def with_leak(cells: Cells, has: int) -> Cells:
    """Return the cells of a row with the leaked field."""
    return {**cells, LEAK: DESKS[has]}


def _mark_leak(_case: Case) -> tuple[MarkForm, ...]:
    return (MarkForm(LEAK, "ignore", "leaked field", names=(LEAK,)),)


def _permutations(ledger: Sequence[Case], seed: int) -> list[Change]:
    """Return changes that each give every ledger case the leaked field of another one, drawn once."""
    values = [next(value for value in case.fields if value.field == LEAK) for case in ledger]
    generator = np.random.default_rng(seed)
    orders = (generator.permutation(len(ledger)) for _ in range(PERMUTATIONS))
    return [_swapped({case.id: values[at] for case, at in zip(ledger, order, strict=True)}) for order in orders]


def _swapped(values: dict[int, FieldValue]) -> Change:
    return lambda case: replace(
        case, fields=tuple(values[case.id] if value.field == LEAK else value for value in case.fields)
    )
