"""Reading files that a table names, and no other."""

from pathlib import Path

from core.errors import BadInput

LARGEST_FILE = 256 * 1024 * 1024
"""Bytes that a file may have."""


def read_inside(root: Path, name: str) -> bytes:
    """Return the bytes of a file inside `root`, which is resolved already.

    Raises
    ------
    BadInput
        When it lies outside (by its path or by a link), is no file, is too large, or can't be read.
    """
    try:
        path = (root / name).resolve()
        if Path(name).is_absolute() or not path.is_relative_to(root):
            raise BadInput(f"{name!r} lies outside the folder; only files inside it are read")
        if not path.is_file():
            raise BadInput(f"{name!r} is no file in the folder")
        if path.stat().st_size > LARGEST_FILE:
            raise BadInput(f"{name!r} has {path.stat().st_size:,} bytes; at most {LARGEST_FILE:,} are read")
        return path.read_bytes()
    except (OSError, ValueError, RuntimeError) as error:
        raise BadInput(f"{name!r} can't be read ({error})") from None
