"""Counterfactuals of a table row: few, small, allowed changes that get the wanted answer."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from explain.base import never
from explain.counterfactuals.base import Answer, Array, Asked, Goal, Search, counted, goal_from
from explain.counterfactuals.columns import Column, Table

MOST_CASES = 2000
"""Training cases that are looked at: drawn from all of them where there are more."""
BEAM = 16
"""Rows that the greedy search goes on with."""
DEPTH = 6
"""Most columns that the greedy search changes."""
POOL = 60
"""Rows that are made sparser and smaller."""
PER_COLUMNS = 4
"""Of them, how many may change the very same columns."""
HALVINGS = 12


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


@dataclass(frozen=True, slots=True)
class _Hunt:
    """One search: the table, the model, the goal."""

    table: Table
    asked: Asked
    goal: Goal

    def margins(self, rows: Array) -> Array:
        return self.goal.margins(self.asked(rows)) if len(rows) else np.zeros(0)

    def costs(self, rows: Array) -> Array:
        """Return what changes cost: deviations, and as much as one deviation for each changed column."""
        costs: Array = self.table.changes(rows).sum(axis=1) + self.table.differs(rows).sum(axis=1)
        return costs


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
    hunt = _Hunt(table, asked, goal_from(asked(table.row[None])[0], wanted))
    if not table.movable:
        return Search((), asked.tried, True, "No field may change, so no other answer can be reached.")
    pool = np.concatenate([_greedy(hunt, limit), _borrowed(hunt, generator)])
    complete = False
    if not len(pool):
        pool, complete = _exhaustive(hunt)
    if not len(pool):
        return Search((), asked.tried, complete, _nothing(asked.tried, complete))
    polished = _polished(hunt, _spread(hunt, pool, POOL, PER_COLUMNS))
    found = _described(hunt, polished, limit)
    return Search(found, asked.tried, False, counted(len(found), asked.tried))


def _nothing(tried: int, complete: bool) -> str:
    if complete:
        return "No allowed change leads to this answer: every allowed row was tried."
    return f"None was found among the {tried} rows that were tried; there may still be one. Let more fields change."


def _greedy(hunt: _Hunt, limit: int) -> Array:
    """Return rows past the goal, found by changing one more column at a time."""
    beam, found = hunt.table.row[None], [np.zeros((0, len(hunt.table.row)))]
    for _ in range(min(DEPTH, len(hunt.table.movable))):
        rows = _one_more(hunt.table, beam)[: hunt.asked.left]
        margins = hunt.margins(rows)
        found.append(rows[margins > 0])
        columns = {tuple(changed) for changed in hunt.table.differs(np.concatenate(found))}
        if len(columns) >= 2 * limit or not hunt.asked.left:
            break
        beam = _best(hunt, rows[margins <= 0], margins[margins <= 0])
    return np.concatenate(found)


def _one_more(table: Table, beam: Array) -> Array:
    """Return every row that changes one more column of a row in the beam."""
    rows = [np.zeros((0, len(table.row)))]
    for start in beam:
        changed = table.differs(start[None])[0]
        for number in table.movable:
            if not changed[number]:
                moves = table.moves(number)
                more = np.repeat(start[None], len(moves), axis=0)
                more[:, number] = moves
                rows.append(more)
    return np.concatenate(rows)


def _best(hunt: _Hunt, rows: Array, margins: Array) -> Array:
    """Return the rows of the highest margins, of each set of changed columns the two best."""
    kept: list[int] = []
    seen: dict[bytes, int] = {}
    differs = hunt.table.differs(rows)
    for number in np.argsort(-margins, kind="stable"):
        key = differs[number].tobytes()
        if seen.get(key, 0) < 2:
            seen[key] = seen.get(key, 0) + 1
            kept.append(int(number))
        if len(kept) == BEAM:
            break
    return rows[kept]


def _borrowed(hunt: _Hunt, generator: np.random.Generator) -> Array:
    """Return rows past the goal that take values of training cases which get the wanted answer."""
    table = hunt.table
    cases = table.population[: hunt.asked.left]
    reached = hunt.margins(cases) > 0
    donors = table.legal(cases[reached])
    donors = donors[np.argsort(hunt.costs(donors), kind="stable")][:200]
    if not len(donors):
        return donors
    chosen = generator.integers(0, len(donors), 600)
    masks = generator.random((600, len(table.row))) < generator.random((600, 1))
    mixed = np.where(masks, donors[chosen], table.row)
    rows = np.unique(np.concatenate([donors, mixed])[: hunt.asked.left], axis=0)
    return rows[hunt.margins(rows) > 0]


def _exhaustive(hunt: _Hunt) -> tuple[Array, bool]:
    """Return rows past the goal among all allowed ones, and true when they could all be tried."""
    values = [hunt.table.every(n) for n in range(len(hunt.table.row))]
    known = [value for value in values if value is not None]
    if len(known) < len(values) or np.prod([float(len(value)) for value in known]) > hunt.asked.left:
        return np.zeros((0, len(values))), False
    rows = np.array(list(itertools.product(*known)))
    return rows[hunt.margins(rows) > 0], True


def _spread(hunt: _Hunt, rows: Array, most: int, per_columns: int) -> Array:
    """Return the cheapest rows, of each set of changed columns no more than a few."""
    rows = np.unique(rows, axis=0)
    differs = hunt.table.differs(rows)
    kept: list[int] = []
    seen: dict[bytes, int] = {}
    for number in np.argsort(hunt.costs(rows), kind="stable"):
        key = differs[number].tobytes()
        if seen.get(key, 0) < per_columns:
            seen[key] = seen.get(key, 0) + 1
            kept.append(int(number))
        if len(kept) == most:
            break
    return rows[kept]


def _polished(hunt: _Hunt, rows: Array) -> Array:
    """Return rows without a change that is not needed, and with numbers moved back as far as the answer allows."""
    rows = _undone(hunt, rows)
    for number in range(rows.shape[1]):
        if hunt.table.columns[number].kind == "numeric":
            rows = _closer(hunt, rows, number)
    return np.unique(_undone(hunt, rows), axis=0)


def _undone(hunt: _Hunt, rows: Array) -> Array:
    """Undo, in each row, one change after the other for as long as the answer stays, the dearest first."""
    rows = rows.copy()
    open_rows = np.ones(len(rows), dtype=bool)
    while open_rows.any():
        owners, numbers = np.nonzero(hunt.table.differs(rows) & open_rows[:, None])
        tries = rows[owners].copy()
        tries[np.arange(len(tries)), numbers] = hunt.table.row[numbers]
        saved = np.where(hunt.margins(tries) > 0, hunt.costs(rows[owners]) - hunt.costs(tries), -1.0)
        for owner in np.flatnonzero(open_rows):
            mine = np.flatnonzero(owners == owner)
            best = mine[np.argmax(saved[mine])] if len(mine) else -1
            if best < 0 or saved[best] < 0:
                open_rows[owner] = False
            else:
                rows[owner] = tries[best]
    return rows


def _closer(hunt: _Hunt, rows: Array, number: int) -> Array:
    """Move one number of each row back towards the case's by halving, as far as the answer stays."""
    own = hunt.table.row[number]
    near, far = np.full(len(rows), own), rows[:, number].copy()
    moving = hunt.table.differs(rows)[:, number] & ~np.isnan(far) & ~np.isnan(own)
    for _ in range(HALVINGS):
        tries = rows.copy()
        tries[:, number] = (near + far) / 2
        tries = np.where(np.arange(rows.shape[1]) == number, hunt.table.legal(tries), rows)
        middle = tries[:, number]
        moving &= (middle != far) & (middle != near)
        if not moving.any():
            break
        holds = np.zeros(len(rows), dtype=bool)
        holds[moving] = hunt.margins(tries[moving]) > 0
        far = np.where(holds, middle, far)
        near = np.where(moving & ~holds, middle, near)
    rows = rows.copy()
    rows[:, number] = far
    return rows


def _described(hunt: _Hunt, rows: Array, limit: int) -> tuple[TableCounterfactual, ...]:
    """Return the best rows: cheap and plausible, those that change other columns than the ones before first."""
    plausible = hunt.table.plausibility(rows)
    order = np.argsort(hunt.costs(rows) + (1.0 - plausible), kind="stable")
    rows, plausible = rows[order], plausible[order]
    keys = [changed.tobytes() for changed in hunt.table.differs(rows)]
    first = [n for n, key in enumerate(keys) if key not in keys[:n]]
    chosen = (first + [n for n in range(len(rows)) if n not in first])[:limit]
    rows, plausible = rows[chosen], plausible[chosen]
    probabilities, distances = hunt.asked(rows), hunt.table.distances(rows)
    return tuple(_one(hunt.table, *parts) for parts in zip(rows, probabilities, distances, plausible, strict=True))


def _one(table: Table, row: Array, probabilities: Array, distance: float, plausibility: float) -> TableCounterfactual:
    numbers = np.flatnonzero(table.differs(row[None])[0])
    changes = tuple(ColumnChange(table.columns[n].name, float(table.row[n]), float(row[n])) for n in numbers)
    label = int(probabilities.argmax())
    return TableCounterfactual(row, changes, label, float(probabilities[label]), float(distance), float(plausibility))
