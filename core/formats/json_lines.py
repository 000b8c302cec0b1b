"""Tables as JSON lines: one object a line."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from core.errors import ImportRefused
from core.formats.tables import Row, RowProblem, Table

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_ESCAPED = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}
"""Characters at which some readers break lines and which JSON does not escape by itself."""


def read_json_lines(path: Path) -> Table:
    """Read a file with one JSON object a line; blank lines are skipped, a line that is none is a problem.

    The columns are all keys that occur. Lines end at a line feed alone, so texts may hold any other separator.

    Raises
    ------
    ImportRefused
        No such file, not readable, or no line in it.
    """
    rows: list[Row] = []
    problems: list[RowProblem] = []
    columns: dict[str, None] = {}
    for number, line in enumerate(_read(path).removeprefix(BYTE_ORDER_MARK).split(b"\n"), start=1):
        if not line.strip():
            continue
        found = _object(line)
        if isinstance(found, str):
            problems.append(RowProblem(number, "", found))
            continue
        rows.append(Row(number, found))
        columns.update(dict.fromkeys(found))
    if not rows and not problems:
        raise ImportRefused(f"{path.name}: the file has no line. Add the cases, one JSON object a line.")
    return Table(path.name, tuple(columns), tuple(rows), tuple(problems))


def write_json_lines(path: Path, rows: Iterable[Mapping[str, object]]) -> Path:
    """Write one object a line as UTF-8 and return the path."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(dict(row), ensure_ascii=False, allow_nan=False).translate(_ESCAPED) + "\n")
    return path


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ImportRefused(
            f"{path.name}: the file can't be read ({error.strerror}) in folder {path.parent}. "
            "Name the folder that holds it, or set `source.file` in the workspace file."
        ) from None


def _object(line: bytes) -> dict[str, object] | str:
    """Return the object of a line, or what is wrong with the line."""
    try:
        found = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return f"byte {error.start + 1} of the line is not UTF-8. Save the file as UTF-8"
    except json.JSONDecodeError as error:
        return f"is no JSON object: {error.msg} at character {error.colno}"
    except (ValueError, RecursionError):
        return "is no JSON object that can be read: a number or its nesting is too large"
    if not isinstance(found, dict):
        return f"is no JSON object but {type(found).__name__}; wanted {{...}} with a key for each column"
    return found
