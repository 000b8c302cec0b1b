"""Counterfactuals of a table row made sparser, closer and unlike one another."""

import numpy as np

from explain.counterfactuals.base import Array
from explain.counterfactuals.candidates import Hunt
from explain.counterfactuals.columns import Table, distinct

HALVINGS = 12
ALIKE = 4.0
"""Being like a row that was chosen before costs up to four deviations."""


def closest(hunt: Hunt, rows: Array) -> Array:
    """Return rows whose numbers are moved back as far as the answer allows, and changes no longer needed undone.

    Numbers move back from the first column to the last and the other way round: where two can share a change, that
    gives two rows.
    """
    numeric = [n for n, column in enumerate(hunt.table.columns) if column.kind == "numeric"]
    results = []
    for order in (numeric, numeric[::-1]):
        closer = rows
        for number in order:
            closer = _closer(hunt, closer, number)
        results.append(undone(hunt, closer))
    return distinct(np.concatenate(results))


def undone(hunt: Hunt, rows: Array) -> Array:
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


def _closer(hunt: Hunt, rows: Array, number: int) -> Array:
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


def unlike(table: Table, rows: Array, costs: Array, limit: int) -> list[int]:
    """Choose rows one after the other: the cheapest, where being like a chosen one costs extra.

    Alike are rows that change the same columns (Jaccard index of the changed columns) to much the same values.
    """
    changed = table.differs(rows)
    penalties = np.zeros(len(rows))
    chosen: list[int] = []
    for _ in range(min(limit, len(rows))):
        totals = costs + penalties
        totals[chosen] = np.inf
        best = int(totals.argmin())
        chosen.append(best)
        common = (changed & changed[best]).sum(axis=1) / (changed | changed[best]).sum(axis=1)
        between = table.changes(rows, rows[best]).sum(axis=1)
        penalties = np.maximum(penalties, ALIKE * common / (1 + between))
    return chosen
