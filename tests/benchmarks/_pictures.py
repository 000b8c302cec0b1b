"""Pictures for the chest-xray workspace: a part of the radiographs, or pieces of photographs where there are none."""

import csv
import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RADIOGRAPHS = "nih-chest-xray"


@contextmanager
def pictures(data_root: Path | None, count: int) -> Iterator[Path]:
    """Yield a folder to import with `count` radiographs, or pieces of photographs, as many of either class."""
    with tempfile.TemporaryDirectory() as place:
        folder, source = Path(place), (data_root or Path()) / RADIOGRAPHS
        (folder / "images").mkdir()
        if data_root is not None and (source / "cases.csv").is_file():
            with (source / "cases.csv").open(encoding="utf-8", newline="") as file:
                rows = _balanced(list(csv.DictReader(file)), count)
            for row in rows:
                shutil.copyfile(source / row["image"], folder / row["image"])
        else:
            rows = _pieces(folder, count)
        with (folder / "cases.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        yield folder


def _balanced(rows: list[dict[str, str]], count: int) -> list[dict[str, str]]:
    random.Random(0).shuffle(rows)
    labels = sorted({row["finding"] for row in rows})
    return [row for label in labels for row in [r for r in rows if r["finding"] == label][: count // len(labels)]]


def _pieces(folder: Path, count: int) -> list[dict[str, str]]:
    """Write square pieces of two photographs and return their rows."""
    from PIL import Image
    from sklearn.datasets import load_sample_image

    rows, draw = [], random.Random(0)
    for name, label in (("china.jpg", "no_finding"), ("flower.jpg", "pneumonia")):
        photograph = Image.fromarray(load_sample_image(name)).convert("L")
        for number in range(count // 2):
            left, top = draw.randrange(photograph.width - 256), draw.randrange(photograph.height - 256)
            file = f"images/{label}_{number}.png"
            photograph.crop((left, top, left + 256, top + 256)).save(folder / file)
            facts = {"age": "50", "sex": "F", "view": "PA"}
            rows.append({"image": file, "finding": label, "patient_id": f"{label}{number}", **facts})
    return rows
