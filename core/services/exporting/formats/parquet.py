"""Export as Parquet."""

from pathlib import Path

from core.formats.exported import Exported, Written
from core.formats.parquet import write_parquet
from core.services.exporting.record import SAID

FILE = "cases.parquet"


def write(exported: Exported, folder: Path) -> Written:
    """Write `cases.parquet`."""
    write_parquet(folder / FILE, exported.columns, exported.rows)
    return Written((FILE,), {"kind": "parquet", "file": FILE, **SAID})
