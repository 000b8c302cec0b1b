"""A folder with cases of every kind of field, written as JSON lines, with texts that are hard to keep."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

TOML = """
# A workspace of every kind of field; comments stay.
name = "mixed"
title = "Mixed"

[source]
kind = "jsonl"

[[fields]]
name = "image"
kind = "image"
size = 12
required = false

[[fields]]
name = "age"
kind = "numeric"
unit = "years"
minimum = -10
maximum = 130
required = false

[[fields]]
name = "ward"
kind = "categorical"
categories = ["=north", "south"]

[[fields]]
name = "note"
kind = "text"
required = false

[[targets]]
name = "finding"
classes = ["no", "yes"]

[[targets]]
name = "view"
classes = ["AP", "PA", "yes"]

[[attributes]]
name = "age"
sensitive = true
bins = [40, 65]

[[attributes]]
name = "split"

[split]
group = "patient"

# The last words of the file.
"""
TEXTS = (
    "=HYPERLINK(\"http://x\")", "'quoted'", "'=1+1", "''=1", "+1", "-1", "@x", "\tTab", "\rReturn",
    "line\nbreak\r\nend",
    "a,b;c\"d", "مرحبا بالعالم", "👩🏽‍⚕️ emoji 🏳️‍🌈", "\u2028sep\u2029\x85\x1c", " spaced ", "'", "\ufeffmark",
    "<script>alert(1)</script>",
    "null", "NaN", "1e5", "{}",
)  # fmt: skip


def write_mixed_folder(folder: Path) -> Path:
    """Write images, `cases.jsonl` and the workspace file; return that."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(1)
    rows = []
    for index, text in enumerate(TEXTS):
        name = f"c{index} =ä" if index % 5 == 0 else f"C{index}"
        row = {"id": name, "patient": f"-p{index // 2}", "ward": ("=north", "south")[index % 2], "note": text}
        row["finding"] = ("no", "yes", None)[index % 3]
        row["view"] = ("PA", None)[index % 2]
        row["split"] = ("x", "=y")[index % 2]
        if index % 4:
            suffix = ("png", "jpg")[index % 2]
            pixels = generator.integers(0, 255, (8 + index, 12), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{index}.{suffix}")
            row["image"] = f"{index}.{suffix}"
        if index % 3:
            row["age"] = (index * 7.1, -3, 1e-7)[index % 3]
        rows.append(row)
    lines = [json.dumps(row) for row in rows]
    (folder / "cases.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    toml = folder / "mixed.toml"
    toml.write_text(TOML, encoding="utf-8")
    return toml
