"""Reading a CSV file into rows that know their line."""

import csv
import difflib
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ImportRefused
from core.sources.base import RowProblem

if TYPE_CHECKING:
    import _csv


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line that it starts on, and its cells by column."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file: its columns, its rows, and the rows whose number of cells is wrong."""

    file: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    problems: tuple[RowProblem, ...]


def read_table(path: Path) -> Table:
    """Read a UTF-8 CSV (with or without byte order mark), separated by commas or semicolons.

    The separator is the one that the header line has more of. Blank lines are skipped; quoted cells may span lines.

    Raises
    ------
    ImportRefused
        No such file, not readable, not UTF-8, no header, a column twice, broken quoting, no rows.
    """
    text = _text(path)
    header = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if header.count(";") > header.count(",") else ",")
    lines = _lines(path.name, reader)
    columns = _columns(path.name, next(lines, (1, []))[1])
    rows: list[Row] = []
    problems: list[RowProblem] = []
    for line, cells in lines:
        if len(cells) == len(columns):
            rows.append(Row(line, dict(zip(columns, cells, strict=True))))
        else:
            reason = f"the row has {len(cells)} cells, the header has {len(columns)}; quote cells that hold a separator"
            problems.append(RowProblem(line, "", reason))
    if not rows and not problems:
        raise ImportRefused(f"{path.name}: there is a header but no row under it. Add the cases, one a line.")
    return Table(path.name, columns, tuple(rows), tuple(problems))


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ImportRefused(
            f"{path.name}: the CSV can't be read ({error.strerror}) in folder {path.parent}. "
            "Name the folder that holds it, or set `source.csv` in the workspace file."
        ) from None
    except UnicodeDecodeError as error:
        raise ImportRefused(
            f"{path.name}: byte {error.start:,} is not UTF-8. Save the table as CSV UTF-8 and import again."
        ) from None


def _lines(file: str, reader: "_csv.Reader") -> Iterator[tuple[int, list[str]]]:
    start = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield start, cells
            start = reader.line_num + 1
    except csv.Error as error:
        raise ImportRefused(f"{file}, line {start}: not a CSV that can be read ({error}). Export it again.") from None


def _columns(file: str, header: list[str]) -> tuple[str, ...]:
    columns = tuple(cell.strip() for cell in header)
    if not any(columns):
        raise ImportRefused(f"{file}: the file is empty. Wanted a first line that names the columns.")
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if twice:
        raise ImportRefused(f"{file}: column {twice[0]!r} appears twice in the header. Rename or remove one.")
    return columns


def require_columns(table_name: str, known: tuple[str, ...], wanted: Iterable[tuple[str, str]]) -> None:
    """Refuse a table that lacks a column.

    Parameters
    ----------
    table_name : str
        What to call the table in the message.
    known : tuple of str
        The columns that it has.
    wanted : iterable of (column, use)
        The columns that the workspace asks for, and what for (`field image`).

    Raises
    ------
    ImportRefused
        Names every missing column, its use, the nearest column that exists, and all columns.
    """
    missing = [f"{column!r} ({use}){_nearest(column, known)}" for column, use in wanted if column not in known]
    if missing:
        plural = "s" if len(missing) > 1 else ""
        raise ImportRefused(
            f"{table_name}: missing column{plural} {', '.join(missing)}. It has: {', '.join(known)}. "
            "Rename the column, or set `column` in the workspace file."
        )


def _nearest(column: str, known: tuple[str, ...]) -> str:
    lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(column.lower(), lower, n=1)
    return f", did you mean {lower[close[0]]!r}?" if close else ""
