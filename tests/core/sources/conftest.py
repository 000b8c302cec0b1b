"""A small folder of images with its CSV."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.media import encode_png

HEADER = "image,finding,patient,age,sex"


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder with images `images/0.png` to `images/9.png`."""
    (tmp_path / "images").mkdir()
    for number in range(10):
        (tmp_path / "images" / f"{number}.png").write_bytes(encode_png(np.full((4, 4), number * 20, np.uint8)))
    return tmp_path


@pytest.fixture
def write_csv(folder) -> Callable[..., Path]:
    """Write `cases.csv` from lines; returns the folder."""

    def write(*lines: str, header: str = HEADER, encoding: str = "utf-8") -> Path:
        (folder / "cases.csv").write_bytes("\n".join((header, *lines, "")).encode(encoding))
        return folder

    return write
