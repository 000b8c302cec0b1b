"""A tiny workspace where every third case has a bright patch in one of the corners, and four of them are marked."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.contracts import MarkForm
from core.media.masks import encode_mask
from tests.helpers.tiny_folder import CASES, SIZE, write_tiny_folder
from tests.helpers.tiny_product import names_of, open_home, verdict

ARTEFACT = "corner"
PATCH = 3
MARKS = 4
CORNERS = ((0, 0), (0, SIZE - PATCH), (SIZE - PATCH, 0), (SIZE - PATCH, SIZE - PATCH))


def corner_of(name: str) -> tuple[int, int] | None:
    """Where a case has its patch."""
    number = int(name[1:])
    return CORNERS[number // 3 % 4] if number % 3 == 0 else None


def patch(name: str) -> NDArray[np.bool_]:
    """The true mask of a case that has a patch."""
    top, left = corner_of(name) or (0, 0)
    mask = np.zeros((SIZE, SIZE), dtype=bool)
    mask[top : top + PATCH, left : left + PATCH] = True
    return mask


def prepare_planted(folder: Path) -> Path:
    """Import and train the workspace, mark four cases; return the home."""
    toml = write_tiny_folder(folder / "data")
    for number in range(0, CASES, 3):
        file = toml.parent / f"t{number:03d}.png"
        pixels = np.asarray(Image.open(file)).copy()
        pixels[patch(file.stem)] = 215 + number % 40
        Image.fromarray(pixels).save(file)
    container = open_home(folder / "home")
    report = container.importing.import_folder(toml, toml.parent, actor=container.default_actor)
    container.jobs.wait(report.job_id or 0)
    carriers = [name for name in names_of(container, "pool") if corner_of(name) is not None]
    for name in carriers[:MARKS]:
        verdict(container, name, marks=(MarkForm("image", "ignore", ARTEFACT, encode_mask(patch(name))),))
    container.close()
    return folder / "home"
