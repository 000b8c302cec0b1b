"""Writing where a person asked for it: the system's refusal in plain words."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import BadInput


@contextmanager
def writing_into(folder: Path) -> Iterator[Path]:
    """Make `folder` where it is missing and yield it.

    Raises
    ------
    BadInput
        When the folder, or a file in it, can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
    except OSError as error:
        raise BadInput(
            f"Can't write into {folder} ({error.strerror or error}). Give a folder that you may write into."
        ) from error
