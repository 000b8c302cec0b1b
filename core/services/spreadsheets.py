"""Tables as comma-separated text that a spreadsheet opens without running anything in it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

from core.formats.cells import escape_cell

Cell = str | float | int | bool | None


def table_text(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    r"""Return a table as comma-separated text with a head.

    Words that a spreadsheet would run as a formula get a quote in front; numbers stay numbers, None is empty.

    Example
    -------
    >>> table_text(("case", "change"), [("=1+1", -0.5)])
    "case,change\n'=1+1,-0.5\n"
    """
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([escape_cell(column) for column in columns])
    writer.writerows([escape_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return text.getvalue()
