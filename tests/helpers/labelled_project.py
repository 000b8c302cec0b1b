"""A small Label Studio project as another team left it: pictures with notes, most of them answered, a few marked."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

TASKS = 160
WIDTH, HEIGHT = 16, 12
"""Pixels of each picture; wider than high, so that a mask that is turned over does not fit."""
PERSON = 9
"""The number that Label Studio gave to who answered."""
NOTE = "😀 seen through the third window"
TOML = """
name = "windows"
title = "Bright above or below"

[source]
kind = "label-studio"

[[fields]]
name = "image"
kind = "image"
size = 12

[[fields]]
name = "note"
kind = "text"
tokens = 8

[[targets]]
name = "side"
classes = ["above", "below"]

[split]
seed = 1
train = 0.6
validation = 0.2
calibration = 0.15
ledger = 0.25
pool = 0.0

[encoder]
name = "mlp"
hidden = [8]

[encoders.note]
name = "transformer"
width = 8
heads = 2
layers = 0
vocabulary = 16

[training]
epochs = 10
batch_size = 32
learning_rate = 0.01
"""


def is_answered(number: int) -> bool:
    """Return whether the other team answered this task; every fifth still waits."""
    return number % 5 != 4


def side_of(number: int) -> str:
    """Return which half of a picture is bright."""
    return ("above", "below")[number % 2]


def write_project(folder: Path) -> Path:
    """Write pictures and `tasks.json` into `folder`, the workspace file beside them; return that file."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    for number in range(TASKS):
        pixels = generator.integers(0, 120, (HEIGHT, WIDTH))
        half = slice(0, HEIGHT // 2) if side_of(number) == "above" else slice(HEIGHT // 2, HEIGHT)
        pixels[half] += 60
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"w{number:03d}.png")
    (folder / "tasks.json").write_text(json.dumps([_task(number) for number in range(TASKS)]))
    toml = folder / "windows.toml"
    toml.write_text(TOML)
    return toml


def brushed() -> NDArray[np.bool_]:
    """Return what the brush of the other team covers: three pixels across, two down."""
    return _box(0, 0, 3, 2)


def boxed() -> NDArray[np.bool_]:
    """Return what the rectangle of the other team covers."""
    return _box(4, 6, 8, 9)


def _box(left: int, top: int, right: int, bottom: int) -> NDArray[np.bool_]:
    mask = np.zeros((HEIGHT, WIDTH), dtype=bool)
    mask[top:bottom, left:right] = True
    return mask


def _task(number: int) -> dict[str, object]:
    data = {"image": f"/data/upload/3/w{number:03d}.png", "note": NOTE}
    given = [{"completed_by": PERSON, "result": _results(number)}] if is_answered(number) else []
    return {"id": 1000 + number, "data": data, "annotations": given}


def _results(number: int) -> list[dict[str, object]]:
    value = {"choices": [side_of(number)]}
    choice = {"type": "choices", "from_name": "where", "to_name": "img", "value": value}
    mark = _marks().get(f"w{number:03d}")
    return [choice, mark] if mark else [choice]


def _marks() -> dict[str, dict[str, object]]:
    """Return the marks by the case that they are on: a brush, a rectangle in percent, a word."""
    picture = {"from_name": "tag", "to_name": "img", "original_width": WIDTH, "original_height": HEIGHT}
    brush = {"format": "rle", "rle": _literal(brushed()), "brushlabels": ["ignore: corner"]}
    rectangle = {"x": 25, "y": 50, "width": 25, "height": 25, "rectanglelabels": ["look here"]}
    start = NOTE.index("third")
    word = {"start": start, "end": start + 5, "text": "third", "labels": ["ignore: number"]}
    return {
        "w000": {"type": "brushlabels", **picture, "image_rotation": 0, "value": brush},
        "w001": {"type": "rectanglelabels", **picture, "image_rotation": 0, "value": rectangle},
        "w002": {"type": "labels", "from_name": "tag", "to_name": "note", "value": word},
    }


def _literal(mask: NDArray[np.bool_]) -> list[int]:
    """Return a brush in thi.ng/rle-pack's layout, written as one list of values without any run."""
    values = np.repeat(mask.ravel() * 255, 4)
    head = f"{len(values):032b}{8 - 1:05b}" + "".join(f"{bits - 1:04b}" for bits in (3, 4, 8, 16))
    bits = head + "0" + "11" + f"{len(values) - 1:016b}" + "".join(f"{value:08b}" for value in values)
    return list(int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big"))
