"""A disc as a hospital would burn it: files of pydicom's test set, a CSV of labels, and what must stay behind."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.pixels import apply_modality_lut, apply_voi_lut

from tests.helpers.dicom_files import packaged

_A, _B, _C = "dicomdirtests/77654033", "dicomdirtests/98892001", "dicomdirtests/98892003"
CT = [f"{_A}/CT2/{n}" for n in (17106, 17136, 17166, 17196)] + [f"{_B}/CT2N/{n}" for n in (6293, 6924)]
CT += [f"{_B}/CT5N/{n}" for n in (2062, 2392, 2693, 3023, 3353)]
MR = [f"{_C}/MR2/{n}" for n in (15970, 4950, 4981, 5011, 6273, 6605, 6935)]
MR += [f"{_C}/MR700/{n}" for n in (4467, 4528, 4558, 4588)]
SPLITS = (*["train"] * 5, *["ledger"] * 3, *["calibration"] * 2, "validation")
"""Which split the eleven files of either list go to, in their order."""
WIDE = "examples_overlay.dcm"
WAITING = ("MR_small.dcm", WIDE, f"{_A}/CR1/6154")
"""Files without a label: 16 bits with a window; 12 bits, wider than high, with two windows; inverted and rescaled."""
CASES = len(CT) + len(MR) + len(WAITING)
FILM = "examples_ybr_color.dcm"
"""Thirty frames, so it can't become a case."""
NAMING = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientAddress",
    "AccessionNumber",
    "InstitutionName",
    "StationName",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SOPInstanceUID",
)
LONG = 6
"""Characters from which on a word is not found in weights and pixels by chance."""
TOML = """
name = "disc"
title = "What made the picture"

[source]
kind = "dicom"
file = "list.csv"
split = "split"

[[fields]]
name = "image"
kind = "image"
size = 16

[[targets]]
name = "machine"
classes = ["CT", "MR"]

[encoder]
name = "mlp"
hidden = [4]

[training]
epochs = 3
batch_size = 8
"""


@dataclass(frozen=True, slots=True)
class Disc:
    """Where the disc is, and its workspace file."""

    folder: Path
    toml: Path

    def film_line(self) -> int:
        """Return the line of the CSV that names the film."""
        return 1 + CASES + 1


def write_disc(folder: Path) -> Disc:
    """Write the files as they lie in pydicom's package, their list, and the workspace file."""
    rows = [(name, label, split) for label, names in (("CT", CT), ("MR", MR)) for name, split in _in_splits(names)]
    rows += [(name, "", "pool") for name in (*WAITING, FILM)]
    for name, _, _ in rows:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(packaged(name))
    with (folder / "list.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "machine", "split"), *rows])
    toml = folder / "disc.toml"
    toml.write_text(TOML)
    return Disc(folder, toml)


def _in_splits(names: list[str]) -> list[tuple[str, str]]:
    return list(zip(names, SPLITS, strict=True))


def on_a_screen(name: str) -> NDArray[np.uint8]:
    """Return a file's picture as pydicom itself puts it through the rescale and the first window, uint8 [H, W]."""
    dataset = _opened(name)
    slope, intercept = float(dataset.get("RescaleSlope", 1)), float(dataset.get("RescaleIntercept", 0))
    bits, signed = int(dataset.BitsStored), int(dataset.PixelRepresentation)
    least, most = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    low, high = least * slope + intercept, most * slope + intercept
    values = apply_voi_lut(apply_modality_lut(dataset.pixel_array, dataset), dataset)
    shares = (np.asarray(values, dtype=np.float64) - low) / (high - low)
    shares = 1.0 - shares if dataset.PhotometricInterpretation == "MONOCHROME1" else shares
    return np.rint(shares * 255.0).astype(np.uint8)


def naming_words() -> frozenset[str]:
    """Return what could name a person, machine or place on the disc: values of tags, their parts, and folders."""
    words = {part for name in (*CT, *MR) for part in Path(name).parts[1:2]}
    for name in (*CT, *MR, *WAITING):
        dataset = _opened(name)
        for keyword in NAMING:
            value = str(dataset.get(keyword) or "")
            words |= {value, *value.split("^")}
    return frozenset(word for word in words if len(word) >= LONG and word.isascii() and set(word) != {"0"})


def _opened(name: str) -> Dataset:
    return dcmread(io.BytesIO(packaged(name)))
