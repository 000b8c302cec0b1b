"""Export as JSON lines."""

from pathlib import Path

from core.formats.exported import Exported, Written
from core.formats.json_lines import write_json_lines
from core.services.exporting.record import SAID

FILE = "cases.jsonl"


def write(exported: Exported, folder: Path) -> Written:
    """Write `cases.jsonl`."""
    write_json_lines(folder / FILE, exported.rows)
    return Written((FILE,), {"kind": "jsonl", "file": FILE, **SAID})
