"""Export as CSV."""

from pathlib import Path

from core.formats.comma_separated import write_csv
from core.formats.exported import Exported, Written
from core.services.exporting.record import SAID
from core.sources.cells import number_text

FILE = "cases.csv"


def write(exported: Exported, folder: Path) -> Written:
    """Write `cases.csv`."""
    rows = ([_text(row[column]) for column in exported.columns] for row in exported.rows)
    write_csv(folder / FILE, exported.columns, rows)
    return Written((FILE,), {"kind": "folder", "csv": FILE, **SAID})


def _text(cell: str | float | None) -> str | None:
    return number_text(cell) if isinstance(cell, float) else cell
