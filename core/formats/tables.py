"""Rows that know where they come from: what every table format is read into."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row that can't be used.

    `line` is its line in the table (the header of a CSV is 1), or its number in a list (the first is 1), or 0 when
    there is neither; `column` then names the file or the entry.
    """

    line: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Embedded:
    """A file that lies inside the table itself; its bytes are read when they are due."""

    name: str
    """The file's name where the table tells it, else empty."""
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line that it starts on, and its cells by column.

    A cell is text, a number, true or false, `Embedded`, or None; anything else can't be used and is refused where
    the cell is needed.
    """

    line: int
    cells: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: what to call it, its columns, its rows, and the rows that could not be read."""

    file: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    problems: tuple[RowProblem, ...]
