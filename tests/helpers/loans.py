"""A small workspace of rows with two groups, whose positives are not equally frequent."""

import csv
from pathlib import Path

import numpy as np

from core.services.container import Container
from tests.helpers.tiny_product import open_home

LOANS, REPAID = "loans", "repaid"
CASES = 1000
TOML = """
name = "loans"
title = "Loans"

[source]
kind = "folder"

[[fields]]
name = "income"
kind = "numeric"

[[fields]]
name = "district"
kind = "numeric"

[[targets]]
name = "repaid"
classes = ["no", "yes"]

[[attributes]]
name = "sex"
sensitive = true

[split]
seed = 1
train = 0.5
validation = 0.4
calibration = 0.15
ledger = 0.3
pool = 0.05

[training]
epochs = 8
batch_size = 128
learning_rate = 0.02
strategy = "labels"
"""


def write_loans_folder(folder: Path, toml: str = TOML) -> Path:
    """Write `cases.csv` and the workspace file; return that file. District tells the sex, income the label."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    men = generator.random(CASES) < 0.5
    repaid = generator.random(CASES) < np.where(men, 0.65, 0.35)
    income = 1.2 * repaid + generator.normal(0, 0.8, CASES)
    district = np.where(men, 1.0, -1.0) + generator.normal(0, 0.5, CASES)
    with (folder / "cases.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "income", "district", "sex", "repaid"])
        for place in range(CASES):
            row = [f"l{place:04d}", f"{income[place]:.4f}", f"{district[place]:.4f}"]
            writer.writerow([*row, "M" if men[place] else "F", "yes" if repaid[place] else "no"])
    file_ = folder / "loans.toml"
    file_.write_text(toml)
    return file_


def prepare_loans(folder: Path, toml: str = TOML) -> Path:
    """Import the workspace into a new home and train its champion; return the home."""
    written = write_loans_folder(folder / "data", toml)
    container = open_home(folder / "home")
    report = container.importing.import_folder(written, written.parent, actor=container.default_actor)
    container.jobs.wait(report.job_id or 0)
    container.close()
    return folder / "home"


def finish(container: Container) -> None:
    """Do all work that waits."""
    while container.jobs.work_once():
        pass
