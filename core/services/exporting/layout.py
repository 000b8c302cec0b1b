"""Which column of an exported table holds what, so that an import reads the same cases from it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from core.contracts import FieldValue, WorkspaceSpec
from core.formats.exported import ExportedCase
from core.sources.cells import CellError
from core.sources.columns import ID_COLUMN
from core.sources.rows import attribute_of, field_value, label_of

Cell = str | float | None
"""Empty text and None are the same: nothing."""
SPLIT_COLUMN = "split"


@dataclass(frozen=True, slots=True)
class Item:
    """Something that is read from a column: its section in the workspace file, its name, a cell for each case."""

    section: str
    name: str
    column: str
    cells: tuple[Cell, ...]
    read: Callable[[Cell], object]
    """How an import reads a cell."""
    expected: tuple[object, ...]
    """What it has to read for each case."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a table, its rows, and which items had to move to a column of their own."""

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Cell], ...]
    split: str
    """The column of the splits."""
    moved: Mapping[tuple[str, str], str]
    """(section, name) -> column, where it is another than the workspace file says."""


@dataclass(slots=True)
class _Table:
    """Columns under construction."""

    cells: dict[str, tuple[Cell, ...]]

    def put(self, item: Item) -> str:
        """Put an item into its column or, where that says something else already, into a new one; return it."""
        column = item.column
        if column in self.cells:
            held = self.cells[column]
            if all(_same(item.read, cell, wanted) for cell, wanted in zip(held, item.expected, strict=True)):
                return column
            column = self.free(item.column)
        self.cells[column] = item.cells
        return column

    def free(self, wanted: str) -> str:
        """Return `wanted`, or the first of `wanted_2`, `wanted_3`, ... that is no column yet."""
        return next(name for name in _numbered(wanted) if name not in self.cells)


def layout(spec: WorkspaceSpec, cases: Sequence[ExportedCase]) -> Layout:
    """Lay out a table of cases.

    Fields, targets and attributes may share a column (an age that is both a number and a group) as long as an import
    would read each of them right from it; one that would be misread gets a column of its own.
    """
    items = list(_items(spec, cases))
    taken = {ID_COLUMN, *(item.column for item in items)}
    split = next(name for name in _numbered(SPLIT_COLUMN) if name not in taken)
    table = _Table({ID_COLUMN: tuple(case.name for case in cases), split: tuple(case.split for case in cases)})
    moved = {(item.section, item.name): column for item in items if (column := table.put(item)) != item.column}
    rows = tuple(dict(zip(table.cells, row, strict=True)) for row in zip(*table.cells.values(), strict=True))
    return Layout(tuple(table.cells), rows, split, moved)


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}_{number}"
        number += 1


def _items(spec: WorkspaceSpec, cases: Sequence[ExportedCase]) -> Iterator[Item]:
    """Yield what is read from a table; what can't move first, then what holds most."""
    if spec.split.group is not None:
        groups = tuple(case.group for case in cases)
        yield Item("split", "group", spec.split.group, groups, str, groups)
    for field in spec.fields:
        values = tuple(_value(case, field.name) for case in cases)
        cells = tuple(value.text if value.number is None else value.number for value in values)
        yield Item("fields", field.name, field.source_column, cells, partial(field_value, field), values)
    for target in spec.targets:
        labels = tuple(case.labels.get(target.name, "") for case in cases)
        yield Item("targets", target.name, target.source_column, labels, partial(label_of, target), labels)
    for attribute in spec.attributes:
        kept = tuple(case.attributes.get(attribute.name, "") for case in cases)
        yield Item("attributes", attribute.name, attribute.source_column, kept, partial(attribute_of, attribute), kept)


def _value(case: ExportedCase, name: str) -> FieldValue:
    """Return a field as `field_value` reads it: with the path of its file where it is an image."""
    value = next((value for value in case.fields if value.field == name), FieldValue(name))
    return FieldValue(name, text=case.files[name]) if name in case.files else value


def _same(read: Callable[[Cell], object], cell: Cell, expected: object) -> bool:
    try:
        return read(cell) == expected
    except CellError:
        return False
