"""Real radiographs with radiologists' boxes as a COCO folder, and the chest-xray workspace that reads it."""

import csv
import json
import shutil
from pathlib import Path

ASSETS = Path(__file__).resolve().parents[2] / "assets" / "workspaces"
SIDE = 512
CLASSES = ("no_finding", "pneumonia")
SHARES = {"train = 0.55": "train = 0.4", "ledger = 0.25": "ledger = 0.4", 'name = "chest-xray"': 'name = "boxes"'}
SOURCE = '[source]\nkind = "folder"\ncsv = "cases.csv"'


def write_nih_boxes(data: Path, folder: Path, cases: int = 240) -> Path:
    """Write all radiographs that have a box and as many others as make `cases`; return the workspace's TOML file.

    A box is a *look here* mark of its case; a case's label is that of the data set.
    """
    (folder / "images").mkdir(parents=True)
    rows, boxes = _rows(data / "cases.csv"), _rows(data / "radiologist_boxes.csv")
    boxed = {box["image"] for box in boxes}
    step = max(1, len(rows) // max(1, cases - len(boxed)))
    chosen = [row for place, row in enumerate(rows) if row["image"] in boxed or place % step == 0]
    for row in chosen:
        shutil.copyfile(data / row["image"], folder / row["image"])
    ids = {row["image"]: number for number, row in enumerate(chosen)}
    columns = ("finding", "patient_id", "age", "sex", "view")
    document = {
        "images": [
            {
                "id": number,
                "file_name": row["image"],
                "width": SIDE,
                "height": SIDE,
                "attributes": {column: row[column] for column in columns},
            }
            for number, row in enumerate(chosen)
        ],
        "categories": [{"id": number, "name": name} for number, name in enumerate(CLASSES)],
        "annotations": [
            {
                "image_id": ids[box["image"]],
                "category_id": CLASSES.index("pneumonia"),
                "bbox": [float(box[side]) for side in ("x", "y", "width", "height")],
            }
            for box in boxes
        ],
    }
    (folder / "annotations.json").write_text(json.dumps(document))
    toml = (ASSETS / "chest-xray.toml").read_text(encoding="utf-8").replace(SOURCE, '[source]\nkind = "coco"')
    for before, after in SHARES.items():
        toml = toml.replace(before, after)
    path = folder / "boxes.toml"
    path.write_text(toml, encoding="utf-8")
    return path


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
