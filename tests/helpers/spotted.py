"""The mixed workspace with pictures whose answer hangs on one bright spot, and the colour a sensitive attribute."""

from pathlib import Path

import numpy as np
from PIL import Image

from core.contracts import Actor, Edit
from core.media.masks import encode_mask
from core.models.registry import LoadedModel
from core.services.container import Container
from core.services.vectors import Placed
from tests.helpers.tiny_mixed import CASES, SIZE, TOML, write_mixed_folder

MIXED, SIDE, TONE = "mixed", "side", "tone"
SPOT = slice(3, 7)
"""Rows and columns of the spot that makes a picture 'above'."""
SENSITIVE = '\n[[attributes]]\nname = "skin"\ncolumn = "colour"\nsensitive = true\n'
ANNA = Actor("anna", name="Anna")


def write_spotted_folder(folder: Path) -> Path:
    """Write the folder and its workspace file; return that file. Pictures with even numbers have the spot."""
    toml = write_mixed_folder(folder)
    toml.write_text(TOML + SENSITIVE)
    generator = np.random.default_rng(1)
    for index in range(CASES):
        pixels = generator.integers(0, 60, (SIZE, SIZE)).astype(np.uint8)
        if index % 2 == 0:
            pixels[SPOT, SPOT] = 255
        Image.fromarray(pixels).save(folder / f"m{index:03d}.png")
    return toml


def spot() -> np.ndarray:
    """Return the mask of the spot."""
    mask = np.zeros((SIZE, SIZE), dtype=bool)
    mask[SPOT, SPOT] = True
    return mask


def paint_over(**changes: object) -> Edit:
    """The edit that paints over the spot."""
    return Edit("image", **{"mask": encode_mask(spot()), "fill": "neighbour", **changes})


def read(container: Container, name: str, actor: Actor | None = None) -> None:
    """Commit a person's reads of a case."""
    for target, label in ((SIDE, "above"), (TONE, "calm")):
        container.review.commit_read(MIXED, name, target, label, "likely", actor=actor or container.default_actor)


def placed(container: Container) -> tuple[LoadedModel, Placed]:
    """The champion and the vectors of all cases."""
    catalogue = container.predictions.catalogue
    with container.runtime.database.read() as tx:
        workspace, _ = catalogue.workspace(tx, MIXED)
    model = catalogue.model(workspace)
    return model, container.whatif.neighbours.vectors.of_workspace(workspace, model)
