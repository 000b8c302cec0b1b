"""The folder of the playground's uploads: private, and empty whenever the process starts or stops."""

import shutil
from pathlib import Path


def emptied(folder: Path) -> Path:
    """Return `folder`, which now exists, holds nothing, and only this user can read.

    Raises
    ------
    OSError
        When it can't be made.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    return folder
