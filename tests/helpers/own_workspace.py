"""The tiny workspace with a model of one's own: its folder, its weights file, its workspace file."""

import csv
from pathlib import Path

import numpy as np
from PIL import Image
from torch import nn

from tests.helpers.own_models import HERE, SIDE, weights_of
from tests.helpers.tiny_folder import TOML, write_tiny_folder

ENCODER = """[encoder]
name = "mlp"
hidden = [8]
"""


def write_own_folder(folder: Path, called: str, module: nn.Module, head: str | None = "fc") -> Path:
    """Write the tiny folder, `own.safetensors` of `module` in it and the workspace file beside; return that file.

    `called` is a function of the helpers, or `module:function`.
    """
    write_tiny_folder(folder)
    (folder / "own.safetensors").write_bytes(weights_of(module))
    code = called if ":" in called else f"{HERE}:{called}"
    model = f'[model]\ncallable = "{code}"\nweights = "own.safetensors"\n' + (f'head = "{head}"\n' if head else "")
    toml = folder / "tiny.toml"
    toml.write_text(TOML.replace(ENCODER, model))
    return toml


MIXED = f"""
name = "tiny"
title = "An image, a number, a category and a text"
fields = [
    {{ name = "image", kind = "image", size = {SIDE} }},
    {{ name = "age", kind = "numeric", required = false }},
    {{ name = "colour", kind = "categorical", categories = ["red", "green", "blue"], required = false }},
    {{ name = "note", kind = "text", tokens = 8, required = false }},
]
targets = [{{ name = "finding", classes = ["no", "yes"] }}, {{ name = "view", classes = ["AP", "PA", "L"] }}]

[model]
callable = "{HERE}:mixed"
weights = "own.safetensors"
head = "head"

[split]
train = 0.4
calibration = 0.2
ledger = 0.2
pool = 0.2

[training]
epochs = 2
"""


def missing_of(name: str) -> set[str]:
    """Return the fields that a case of the mixed folder lacks."""
    number = int(name[1:])
    return {field for field, step in (("age", 3), ("colour", 4), ("note", 5)) if number % step == 0}


def write_mixed_folder(folder: Path, module: nn.Module) -> Path:
    """Write 120 cases of four fields, many with gaps, the weights and the workspace file; return that file."""
    generator = np.random.default_rng(0)
    folder.mkdir(parents=True)
    rows = []
    for number in range(120):
        name = f"m{number:03d}"
        Image.fromarray(generator.integers(0, 255, (SIDE, SIDE)).astype(np.uint8)).save(folder / f"{name}.png")
        row = {"image": f"{name}.png", "age": 20 + number % 60, "colour": ("red", "green", "blue")[number % 3]}
        row |= {"note": ("no acute disease", "large nodule")[number % 2]} | dict.fromkeys(missing_of(name), "")
        rows.append(row | {"finding": ("no", "yes")[number % 2], "view": ("AP", "PA", "L")[number % 3]})
    with (folder / "cases.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    (folder / "own.safetensors").write_bytes(weights_of(module))
    (folder / "mixed.toml").write_text(MIXED)
    return folder / "mixed.toml"
