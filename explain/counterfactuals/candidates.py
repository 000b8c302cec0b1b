"""Candidates for counterfactuals of a table row: allowed rows that get the wanted answer."""

import itertools
from dataclasses import dataclass

import numpy as np

from explain.counterfactuals.base import Array, Asked, Goal
from explain.counterfactuals.columns import Table, distinct

BEAM = 16
"""Rows that the greedy search goes on with."""
DEPTH = 6
"""Most columns that the greedy search changes."""
DONORS = 200
"""Training cases, closest first, whose values are borrowed."""
MIXTURES = 600
PRICE = 2.0
"""A changed column costs as much as a change by two deviations: few changes are easier to follow than small ones."""

APART = 1.0
"""Two rows that change the same columns are told apart from so many deviations on."""


@dataclass(frozen=True, slots=True)
class Hunt:
    """One search: the table, the model, the goal."""

    table: Table
    asked: Asked
    goal: Goal

    def margins(self, rows: Array) -> Array:
        """Return how far past the goal the answers to rows [n, d] are, [n]."""
        return self.goal.margins(self.asked(rows)) if len(rows) else np.zeros(0)

    def costs(self, rows: Array) -> Array:
        """Return what changes cost: deviations, and a price for each changed column, [n]."""
        costs: Array = self.table.changes(rows).sum(axis=1) + PRICE * self.table.differs(rows).sum(axis=1)
        return costs


def greedy(hunt: Hunt, limit: int) -> Array:
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


def _best(hunt: Hunt, rows: Array, margins: Array) -> Array:
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


def borrowed(hunt: Hunt, generator: np.random.Generator) -> Array:
    """Return rows past the goal that take values of training cases which get the wanted answer."""
    table = hunt.table
    cases = table.population[: hunt.asked.left]
    reached = hunt.margins(cases) > 0
    donors = table.legal(cases[reached])
    donors = donors[np.argsort(hunt.costs(donors), kind="stable")][:DONORS]
    if not len(donors):
        return donors
    chosen = generator.integers(0, len(donors), MIXTURES)
    masks = generator.random((MIXTURES, len(table.row))) < generator.random((MIXTURES, 1))
    mixed = np.where(masks, donors[chosen], table.row)
    rows = distinct(np.concatenate([donors, mixed])[: hunt.asked.left])
    return rows[hunt.margins(rows) > 0]


def exhaustive(hunt: Hunt) -> tuple[Array, bool]:
    """Return rows past the goal among all allowed ones, and true when they could all be tried."""
    values = [hunt.table.every(n) for n in range(len(hunt.table.row))]
    known = [value for value in values if value is not None]
    if len(known) < len(values) or np.prod([float(len(value)) for value in known]) > hunt.asked.left:
        return np.zeros((0, len(values))), False
    rows = np.array(list(itertools.product(*known)))
    return rows[hunt.margins(rows) > 0], True


def spread(hunt: Hunt, rows: Array, most: int, per_columns: int) -> Array:
    """Return the cheapest rows; of each set of changed columns no more than a few, a deviation or more apart."""
    rows = distinct(rows)
    differs = hunt.table.differs(rows)
    kept: dict[bytes, list[int]] = {}
    for number in np.argsort(hunt.costs(rows), kind="stable"):
        same = kept.setdefault(differs[number].tobytes(), [])
        if len(same) < per_columns and bool((hunt.table.changes(rows[same], rows[number]).sum(axis=1) >= APART).all()):
            same.append(int(number))
        if sum(map(len, kept.values())) == most:
            break
    return rows[sorted(number for same in kept.values() for number in same)]
