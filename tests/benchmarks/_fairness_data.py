"""Tables with a question and a sensitive attribute, cut into the same splits and features for everybody."""

import csv
import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from core.contracts import BenchOptions, SplitSpec
from core.errors import NotFound
from core.sources.arrests import arrests

Rows = list[dict[str, str]]
TEST, VALIDATION = 0.3, 0.1
"""Share that is measured on, and share of the rest that our trainings choose their step by."""
QUICK_ROWS = 2000


@dataclass(frozen=True)
class Table:
    """What is asked of a table."""

    target: str
    positive: str
    attribute: str
    numbers: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    """Columns that are no features."""
    file: str = ""
    """Below the data root; empty for a table of a package."""
    lowest: float = 0.0
    """Accuracy below which a training has diverged."""


TABLES: Mapping[str, Table] = {
    "adult": Table(
        "income",
        ">50K",
        "sex",
        ("age", "fnlwgt", "education_num", "capital_gain", "capital_loss", "hours_per_week"),
        file="tabular/adult.csv.gz",
        lowest=0.80,
    ),
    "compas": Table(
        "two_year_recid",
        "1",
        "race",
        ("age", "juv_fel_count", "juv_misd_count", "juv_other_count", "priors_count"),
        ("decile_score",),
        "tabular/compas.csv.gz",
        0.55,
    ),
    "arrests": Table("released", "Yes", "colour", ("age", "checks"), ("year", "same_inputs"), lowest=0.75),
}
COMPAS_RACES = ("African-American", "Caucasian")
"""The two groups of `compas` that are large enough; the others are left out, as is usual."""


@dataclass(frozen=True, eq=False)
class Part:
    """Cases as features [cases, features], whether each is positive, and its group."""

    features: NDArray[np.float32]
    truth: NDArray[np.int64]
    codes: NDArray[np.int64]
    groups: NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Divided:
    """One split: what everybody trains on and is measured on."""

    train: Part
    test: Part
    names: tuple[str, ...]
    """Groups by code."""
    seed: int

    def for_step(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return rows of `train` that our trainings learn from, and those that they choose their step by."""
        rows = np.arange(len(self.train.truth))
        learnt, held = train_test_split(
            rows, test_size=VALIDATION, random_state=self.seed, stratify=_strata(self.train.truth, self.train.codes)
        )
        return np.sort(learnt), np.sort(held)


def divided(options: BenchOptions, name: str, seed: int) -> Divided:
    """Return a split that is stratified by label and group.

    Raises
    ------
    NotFound
        When there is no such table, or it is not there.
    """
    if name not in TABLES:
        raise NotFound(f"No table {name!r} to measure fairness on. Known: {', '.join(TABLES)}, chest.")
    table = TABLES[name]
    rows = _rows(table, options.data_root)
    if name == "compas":
        rows = [row for row in rows if row[table.attribute] in COMPAS_RACES]
    if options.quick:
        rows = rows[:: max(1, len(rows) // QUICK_ROWS)]
    truth = np.array([row[table.target] == table.positive for row in rows], dtype=np.int64)
    groups = np.array([row[table.attribute] for row in rows], dtype=object)
    names, codes = np.unique(groups.astype(str), return_inverse=True)
    learnt, held = train_test_split(
        np.arange(len(rows)), test_size=TEST, random_state=seed, stratify=_strata(truth, codes)
    )
    features = _features(table, rows, learnt)
    parts = [Part(features[part], truth[part], codes[part], groups[part]) for part in (learnt, held)]
    return Divided(parts[0], parts[1], tuple(names.tolist()), seed)


def _rows(table: Table, root: Path | None) -> Rows:
    if not table.file:
        split = SplitSpec()
        return [{**case.cells} for case in arrests(split)]
    path = (root or Path()) / table.file
    if not path.is_file():
        raise NotFound(f"There is no {path}. Put the tables there, or give --data-root; `--data arrests` needs none.")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _features(table: Table, rows: Rows, learnt: Sequence[int]) -> NDArray[np.float32]:
    """Return standardised numbers and one-hot categories, both as the training rows have them."""
    categories = [column for column in rows[0] if column not in (*table.numbers, *table.left_out, table.target)]
    columns = (*table.numbers, *categories)
    cells = np.array([[row[column] for column in columns] for row in rows], dtype=object)
    count = len(table.numbers)
    transform = ColumnTransformer(
        [
            ("numbers", StandardScaler(), list(range(count))),
            (
                "categories",
                OneHotEncoder(handle_unknown="ignore", sparse_output=False),
                list(range(count, len(columns))),
            ),
        ]
    )
    cells[:, :count] = cells[:, :count].astype(np.float64)
    return np.asarray(transform.fit(cells[learnt]).transform(cells), dtype=np.float32)


def _strata(truth: NDArray[np.int64], codes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(codes * 2 + truth)
