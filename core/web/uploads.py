"""The folder of the playground's uploads: private, emptied when the process starts, gone when it stops."""

import shutil
from pathlib import Path


def emptied(folder: Path) -> Path:
    """Return `folder`, which now exists, holds nothing, and only this user can read.

    Raises
    ------
    OSError
        When it can't be made.
    """
    removed(folder)
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    return folder


def removed(folder: Path) -> None:
    """Remove `folder` and what it holds; where that can't be done, the next start tries again."""
    shutil.rmtree(folder, ignore_errors=True)
