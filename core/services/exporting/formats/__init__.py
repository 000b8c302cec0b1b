"""Formats of an export: one file each. A format is imported when it is first asked for."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import cast

from core.errors import NotFound
from core.formats.exported import Exported, Written

Write = Callable[[Exported, Path], Written]
"""Writes the cases into a folder; raises `BadInput` for a workspace that the format can't hold."""
FORMATS: Mapping[str, str] = {
    "csv": "core.services.exporting.formats.comma_separated:write",
    "parquet": "core.services.exporting.formats.parquet:write",
    "jsonl": "core.services.exporting.formats.json_lines:write",
    "coco": "core.services.exporting.formats.coco:write",
    "label-studio": "core.services.exporting.formats.label_studio:write",
}
"""Name -> `module:function`."""


def format_of(name: str) -> Write:
    """Return the function that writes a format.

    Raises
    ------
    NotFound
        Names the formats that there are.
    """
    if name not in FORMATS:
        raise NotFound(f"There is no export format {name!r}. Known: {', '.join(FORMATS)}.")
    module, function = FORMATS[name].split(":")
    return cast(Write, getattr(import_module(module), function))
