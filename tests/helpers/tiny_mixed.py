"""A folder of cases with all four kinds of field, two targets, and values that are missing; its workspace file."""

import csv
from pathlib import Path

import numpy as np
from PIL import Image

CASES = 200
SIZE = 12
TOML = """
name = "mixed"
title = "Four kinds of field"

[[fields]]
name = "image"
kind = "image"
colour = "grey"
size = 12
required = false

[[fields]]
name = "age"
kind = "numeric"
unit = "years"
minimum = 0
maximum = 120
required = false

[[fields]]
name = "colour"
kind = "categorical"
categories = ["red", "green", "blue"]
display = { red = "Red", green = "Green", blue = "Blue" }
required = false

[[fields]]
name = "note"
kind = "text"
tokens = 16
required = false

[[targets]]
name = "side"
title = "Which side is bright"
classes = ["above", "below"]
display = { above = "Above", below = "Below" }

[[targets]]
name = "tone"
classes = ["calm", "loud"]

[split]
seed = 3
train = 0.5
validation = 0.2
calibration = 0.1
ledger = 0.2
pool = 0.2

[encoders.image]
name = "mlp"
hidden = [8]

[encoders.note]
name = "transformer"
width = 16
heads = 2
vocabulary = 64

[training]
epochs = 6
batch_size = 32
learning_rate = 0.01
"""


def write_mixed_folder(folder: Path) -> Path:
    """Write images and `cases.csv` into `folder`, `mixed.toml` beside them; return the TOML file."""
    generator = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for index in range(CASES):
        side, tone = ("above", "below")[index % 2], ("calm", "loud")[index // 2 % 2]
        pixels = generator.integers(0, 120, (SIZE, SIZE))
        pixels[slice(0, SIZE // 2) if side == "above" else slice(SIZE // 2, SIZE)] += 60
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"m{index:03d}.png")
        row = {
            "id": f"m{index:03d}",
            "image": f"m{index:03d}.png",
            "age": int(generator.integers(20, 50)) + (30 if tone == "loud" else 0),
            "colour": ("red", "green", "blue")[index % 3],
            "note": f"It was a {'quiet evening' if tone == 'calm' else 'noisy party'} in house {index}.",
            "side": side,
            "tone": tone,
        }
        if index % 7 == 0:
            row[("age", "colour", "note")[index % 3]] = ""
        rows.append(row)
    with (folder / "cases.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    toml = folder / "mixed.toml"
    toml.write_text(TOML)
    return toml
