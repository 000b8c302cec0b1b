"""Tables as CSV: read with the line of every row, written with cells that no spreadsheet runs."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ImportRefused
from core.formats.cells import escape_cell, unescape_cell
from core.formats.tables import Row, RowProblem, Table

if TYPE_CHECKING:
    import _csv

LONGEST_CELL = 16_000_000
"""Characters; a cell that is longer is no cell of a table."""
_ESCAPED_BYTES = (0xDC80, 0xDCFF)
"""Where `surrogateescape` puts the bytes that are not UTF-8."""


def read_csv(path: Path, *, may_be_empty: bool = False) -> Table:
    """Read a UTF-8 CSV (with or without byte order mark), separated by commas or semicolons.

    The separator is the one that the header line has more of. Blank lines are skipped; quoted cells may span lines.
    Rows that hold bytes of another encoding, and rows with a wrong number of cells, are problems. Cells are
    unescaped as `core.formats.cells` says.

    Raises
    ------
    ImportRefused
        No such file, not readable, another encoding throughout, no header, a column twice, a huge cell, or no rows
        unless it `may_be_empty`.
    """
    text = _text(path)
    header = text.partition("\n")[0]
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if header.count(";") > header.count(",") else ",")
    lines = _lines(path.name, reader)
    columns = _columns(path.name, next(lines, (1, []))[1])
    rows: list[Row] = []
    problems: list[RowProblem] = []
    for line, cells in lines:
        found = _row(columns, line, cells)
        if isinstance(found, Row):
            rows.append(found)
        else:
            problems.append(found)
    if not rows and not problems and not may_be_empty:
        raise ImportRefused(f"{path.name}: there is a header but no row under it. Add the cases, one a line.")
    return Table(path.name, columns, tuple(rows), tuple(problems))


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """Write rows as UTF-8 with escaped cells and return the path; None becomes an empty cell."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for row in (header, *rows):
            writer.writerow([escape_cell("" if cell is None else str(cell)) for cell in row])
    return path


def _row(columns: tuple[str, ...], line: int, cells: list[str]) -> Row | RowProblem:
    if len(cells) != len(columns):
        reason = f"the row has {len(cells)} cells, the header has {len(columns)}; quote cells that hold a separator"
        return RowProblem(line, "", reason)
    for column, cell in zip(columns, cells, strict=True):
        if _has_other_bytes(cell):
            seen = cell[:40].encode("utf-8", "surrogateescape").decode("latin-1")
            reason = f"is not UTF-8; read as Latin-1 it is {seen!r}. Save the table as CSV UTF-8"
            return RowProblem(line, column, reason)
    return Row(line, {column: unescape_cell(cell) for column, cell in zip(columns, cells, strict=True)})


def _has_other_bytes(text: str) -> bool:
    low, high = _ESCAPED_BYTES
    return not text.isascii() and any(low <= ord(character) <= high for character in text)


def _text(path: Path) -> str:
    """Return the text, foreign bytes as lone surrogates where other rows show that the file means to be UTF-8."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImportRefused(
            f"{path.name}: the CSV can't be read ({error.strerror}) in folder {path.parent}. "
            "Name the folder that holds it, or set `source.csv` in the workspace file."
        ) from None
    text = data.decode("utf-8-sig", "surrogateescape")
    if not _has_other_bytes(text):
        return text
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ImportRefused(f"{path.name}: the table is UTF-16. Save it as CSV UTF-8 and import again.")
    low, high = _ESCAPED_BYTES
    if _has_other_bytes(text.partition("\n")[0]) or all(c.isascii() or low <= ord(c) <= high for c in text):
        start = next(index for index, c in enumerate(text) if low <= ord(c) <= high)
        at, line = len(text[:start].encode("utf-8")), text.count("\n", 0, start) + 1
        raise ImportRefused(
            f"{path.name}: byte {at:,} (line {line}) is not UTF-8; the table looks like Latin-1 (Windows-1252). "
            "Save it as CSV UTF-8 and import again."
        )
    return text


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
    columns = tuple(unescape_cell(cell.strip()) for cell in header)
    if not any(columns):
        raise ImportRefused(f"{file}: the file is empty. Wanted a first line that names the columns.")
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if twice:
        raise ImportRefused(f"{file}: column {twice[0]!r} appears twice in the header. Rename or remove one.")
    return columns
