"""A folder that imports in a moment: 240 images of 12 x 12 pixels, bright above or below, and its workspace file."""

import csv
from pathlib import Path

import numpy as np
from PIL import Image

CASES = 240
SIZE = 12
TOML = """
name = "tiny"
title = "Bright above or below"

[[fields]]
name = "image"
kind = "image"
colour = "grey"
size = 12

[[targets]]
name = "side"
classes = ["above", "below"]

[split]
seed = 1
train = 0.5
validation = 0.2
calibration = 0.1
ledger = 0.2
pool = 0.2

[encoder]
name = "mlp"
hidden = [8]

[training]
epochs = 10
batch_size = 32
learning_rate = 0.01
"""


def write_tiny_folder(folder: Path) -> Path:
    """Write images and `cases.csv` into `folder`, `tiny.toml` beside them; return the TOML file."""
    generator = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for index in range(CASES):
        side = ("above", "below")[index % 2]
        pixels = generator.integers(0, 120, (SIZE, SIZE))
        half = slice(0, SIZE // 2) if side == "above" else slice(SIZE // 2, SIZE)
        pixels[half] += 60
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"t{index:03d}.png")
        rows.append({"image": f"t{index:03d}.png", "side": side})
    with (folder / "cases.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["image", "side"])
        writer.writeheader()
        writer.writerows(rows)
    toml = folder / "tiny.toml"
    toml.write_text(TOML)
    return toml


def write_mask(path: Path) -> Path:
    """Write a mask that marks the 3 x 3 corner at the top left."""
    mask = np.zeros((SIZE, SIZE), dtype=bool)
    mask[:3, :3] = True
    Image.fromarray(mask).save(path)
    return path
