"""Counterfactuals of a table row: few, small, allowed changes that get the wanted answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from explain.base import never
from explain.counterfactuals.base import Answer, Array, Asked, Search, counted, goal_from
from explain.counterfactuals.candidates import APART, Hunt, borrowed, exhaustive, greedy, spread
from explain.counterfactuals.columns import Column, Table, distinct
from explain.counterfactuals.polish import closest, undone, unlike

MOST_CASES = 2000
"""Training cases that are looked at: drawn from all of them where there are more."""
POOL = 60
"""Rows that are made sparser and smaller."""
PER_COLUMNS = 4
"""Of them, how many may change the very same columns."""


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """One changed value."""

    column: str
    before: float
    """A number, a category's number, or NaN for missing."""
    after: float


@dataclass(frozen=True, slots=True, eq=False)
class TableCounterfactual:
    """A changed row that gets the wanted answer."""

    row: Array
    """[d], as the rows that came in."""
    changes: tuple[ColumnChange, ...]
    label: int
    """The class that the model answers."""
    probability: float
    """Of `label`."""
    distance: float
    """Mean over columns of |change| / median absolute deviation (1 for another category); lower is closer."""
    plausibility: float
    """Share of training cases that lie in sparser places, 0 to 1; higher is more usual."""


def find(
    answer: Answer,
    row: Array,
    columns: Sequence[Column],
    wanted: int | None,
    population: Array,
    *,
    seed: int = 0,
    limit: int = 4,
    budget: int = 20_000,
    cancelled: Callable[[], bool] = never,
) -> Search[TableCounterfactual]:
    """Return up to `limit` rows that get the wanted class, closest and most different from one another first.

    Candidates come from training cases that get the wanted answer, from mixtures of them with the row, and from a
    greedy search over single changes. Each is then made sparser (every change that is not needed is undone) and closer
    (every number moves back as far as the answer allows). What columns and their rules forbid is never done.

    Parameters
    ----------
    answer
        From rows float64 [n, d] (categories as numbers, NaN for missing) to probabilities [n, K].
    row
        The case, [d].
    columns
        One `Column` per value: what it may become.
    wanted
        The class to reach; None for any other than the present one.
    population
        Training cases [n, d]: where values, deviations and density come from.
    seed
        Of what is drawn at random: the same seed gives the same answer.
    limit
        Most counterfactuals.
    budget
        Most rows the search tries; making what was found sparser may take a few more.
    cancelled
        Asked before every batch.

    Raises
    ------
    ExplainError
        When the question can't be used; `Stopped` when somebody asked to stop.

    References
    ----------
    Wachter et al.: Counterfactual Explanations without Opening the Black Box, 2017 (the distance); Mothilal et al.:
    Explaining Machine Learning Classifiers through Diverse Counterfactual Explanations (DiCE), 2020.
    """
    generator = np.random.default_rng(seed)
    cases = np.asarray(population, dtype=np.float64)
    if len(cases) > MOST_CASES:
        cases = cases[np.sort(generator.choice(len(cases), MOST_CASES, replace=False))]
    table = Table(columns, row, cases)
    asked = Asked(answer, budget=budget, batch=1024, cancelled=cancelled)
    hunt = Hunt(table, asked, goal_from(asked(table.row[None])[0], wanted))
    if not table.movable:
        return Search((), asked.tried, True, "No field may change, so no other answer can be reached.")
    pool = np.concatenate([greedy(hunt, limit), borrowed(hunt, generator)])
    complete = False
    if not len(pool):
        pool, complete = exhaustive(hunt)
    if not len(pool):
        return Search((), asked.tried, complete, _nothing(asked.tried, complete))
    sparse = distinct(undone(hunt, spread(hunt, pool, POOL, PER_COLUMNS)))
    found = _described(hunt, closest(hunt, sparse), sparse, limit)
    return Search(found, asked.tried, False, counted(len(found), asked.tried))


def _nothing(tried: int, complete: bool) -> str:
    if complete:
        return "No allowed change leads to this answer: every allowed row was tried."
    return f"None was found among the {tried} rows that were tried; there may still be one. Let more fields change."


def _described(hunt: Hunt, near: Array, sparse: Array, limit: int) -> tuple[TableCounterfactual, ...]:
    """Return the best rows: cheap, plausible and unlike one another; where they are few, some that went further."""
    rows = _best(hunt, near, limit)
    further = [row for row in sparse if (hunt.table.changes(rows, row).sum(axis=1) >= APART).all()]
    rows = np.concatenate([rows, _best(hunt, np.array(further).reshape(-1, rows.shape[1]), limit - len(rows))])
    measures = (hunt.asked(rows), hunt.table.distances(rows), hunt.table.plausibility(rows))
    return tuple(_one(hunt.table, *parts) for parts in zip(rows, *measures, strict=True))


def _best(hunt: Hunt, rows: Array, limit: int) -> Array:
    costs = hunt.costs(rows) + (1.0 - hunt.table.plausibility(rows))
    return rows[unlike(hunt.table, rows, costs, limit)]


def _one(table: Table, row: Array, probabilities: Array, distance: float, plausibility: float) -> TableCounterfactual:
    numbers = np.flatnonzero(table.differs(row[None])[0])
    changes = tuple(ColumnChange(table.columns[n].name, float(table.row[n]), float(row[n])) for n in numbers)
    label = int(probabilities.argmax())
    return TableCounterfactual(row, changes, label, float(probabilities[label]), float(distance), float(plausibility))
