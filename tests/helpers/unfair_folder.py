"""A table on which more labels make a model more accurate, and less fair; its workspace file.

`plain` tells something of everybody. `extra` tells nearly all of men, but is noise in the cases that the first model
learns from and the same for all women; so a model that learns from labels of pool cases gets better for men alone.
"""

import csv
from pathlib import Path

import numpy as np

from core.contracts import VerdictForm
from core.services.container import Container
from core.storage import cases, labels

NAME, TARGET = "unfair", "hired"
SIZES = {"train": 160, "validation": 100, "calibration": 80, "ledger": 700, "pool": 240}
TOML = """
name = "unfair"
title = "Hired or not"

[source]
split = "split"

[[fields]]
name = "plain"
kind = "numeric"

[[fields]]
name = "extra"
kind = "numeric"

[[targets]]
name = "hired"
classes = ["no", "yes"]

[[attributes]]
name = "sex"
sensitive = true

[[attributes]]
name = "site"
sensitive = true

[[fairness]]
attribute = "sex"
metric = "equalised_odds"
limit = 0.1

[training]
epochs = 30
batch_size = 64
learning_rate = 0.01
weight_decay = 0.01
"""


def write_unfair_folder(folder: Path) -> Path:
    """Write `cases.csv` and `unfair.toml` into `folder`; return the TOML file."""
    generator = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "cases.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "plain", "extra", "hired", "sex", "site", "split"))
        for number, split in enumerate(split for split, size in SIZES.items() for _ in range(size)):
            hired, sex = int(generator.random() < 0.5), ("F", "M")[number % 2]
            plain = hired + generator.normal(0, 0.7)
            told = generator.random() if split == "train" else hired * 0.6 + generator.random() * 0.4
            extra = 0.5 if sex == "F" else told
            site = ("north", "south")[number // 2 % 2]
            writer.writerow((f"p{number:04d}", f"{plain:.4f}", f"{extra:.4f}", ("no", "yes")[hired], sex, site, split))
    toml = folder / "unfair.toml"
    toml.write_text(TOML, encoding="utf-8")
    return toml


def label_the_pool(container: Container) -> int:
    """Give every pool case its right label; return how many there are."""
    with container.runtime.database.read() as tx:
        workspace = container.retraining.catalogue.workspace(tx, NAME)[0]
        pool = cases.list_cases(tx, workspace.id, "pool")
        truth = labels.references(tx, workspace.id, TARGET)
    for case in pool:
        form = VerdictForm(NAME, case.name, TARGET, truth[case.id].label, "certain", None)
        container.review.save_verdict(form, actor=container.default_actor)
    return len(pool)
