"""Counterfactuals in the table fields of a case."""

from collections.abc import Mapping, Sequence

import numpy as np

from core.contracts import Change, Constraint, Edit, FieldSpec, WorkspaceSpec
from core.errors import BadInput, NotFound
from core.services.excerpts import value_words
from core.services.whatif.editing import is_sensitive, whole_numbers
from core.services.whatif.found import Found, Outcome
from core.services.whatif.material import table_of
from core.services.whatif.searching import Array, Changing
from explain.counterfactuals.columns import Column, Rule
from explain.counterfactuals.table import ColumnChange, TableCounterfactual, find

DECIMALS = 3
"""Significant digits of a field's usual spread that changed numbers are rounded to."""


def rules(spec: WorkspaceSpec, constraints: Sequence[Constraint]) -> dict[str, Rule]:
    """Return field -> what may be done to it: what was said, else fixed where it is sensitive, else anything.

    Raises
    ------
    NotFound
        When there is no such field.
    BadInput
        When it is no table field.
    """
    table = {item.name: item for item in table_of(spec)}
    found: dict[str, Rule] = {name: "fixed" if is_sensitive(item, spec) else "free" for name, item in table.items()}
    for constraint in constraints:
        if constraint.field not in {item.name for item in spec.fields}:
            known = ", ".join(table) or "none"
            raise NotFound(f"{spec.name} has no field {constraint.field!r}. Fields with values: {known}.")
        if constraint.field not in table:
            raise BadInput(f"{constraint.field!r} is no number and no category, so it can't be {constraint.rule!r}.")
        found[constraint.field] = constraint.rule
    return found


def by_table(
    changing: Changing, wanted: int, allowed: Mapping[str, Rule], row: Array, population: Array, limit: int
) -> Outcome:
    """Look for table values that get the wanted answer; `row` [d] is the case's, `population` [n, d] training cases'.

    What the case does not hold stays missing.

    Raises
    ------
    explain.errors.ExplainError
        When a rule can't be used.
    """
    if len(population) < 2:
        return Outcome((), 0, "There are too few training cases to tell which values are usual.")
    table = table_of(changing.model.spec)
    kept: list[Rule] = ["fixed" if np.isnan(own) else allowed[item.name] for item, own in zip(table, row, strict=True)]
    if set(kept) == {"fixed"}:
        return Outcome((), 0, "Numbers and categories are fixed.")
    columns = [_column(item, kept[n], population[:, n]) for n, item in enumerate(table)]
    search = find(lambda rows: changing.of_rows(table, rows), row, columns, wanted, population, limit=limit)
    known = {item.name: item for item in table}
    found = tuple(_found(one, known, family) for family, one in enumerate(search.found))
    return Outcome(found, search.tried, "" if found else _nothing(search.tried, search.complete))


def _nothing(tried: int, complete: bool) -> str:
    if complete:
        return "No allowed change of numbers and categories does: every one was tried."
    return f"None of {tried:,} changes of numbers and categories that were tried does. Let more fields change."


def _column(item: FieldSpec, rule: Rule, values: Array) -> Column:
    if item.kind == "categorical":
        return Column(item.name, "categorical", categories=len(item.categories), rule=rule)
    return Column(item.name, "numeric", step=_step(values[~np.isnan(values)]), rule=rule)


def _step(values: Array) -> float | None:
    """Return what changed numbers are multiples of: 1 for whole numbers, else a power of ten far below the spread."""
    spread = float(np.ptp(values)) if len(values) else 0.0
    if spread == 0:
        return None
    return 1.0 if whole_numbers(values.tolist()) else float(10.0 ** (np.floor(np.log10(spread)) - DECIMALS))


def _found(one: TableCounterfactual, known: Mapping[str, FieldSpec], family: int) -> Found:
    edits = tuple(_edit(change, known[change.column]) for change in one.changes)
    changes = tuple(_told(change, known[change.column]) for change in one.changes)
    return Found(edits, changes, one.distance, one.plausibility, family)


def _edit(change: ColumnChange, item: FieldSpec) -> Edit:
    if np.isnan(change.after):
        return Edit(item.name, missing=True)
    if item.kind == "numeric":
        return Edit(item.name, number=change.after)
    return Edit(item.name, text=item.categories[int(change.after)])


def _told(change: ColumnChange, item: FieldSpec) -> Change:
    return Change(item.name, _words(change.before, item), _words(change.after, item))


def _words(value: float, item: FieldSpec) -> str:
    if np.isnan(value):
        return "missing"
    if item.kind == "numeric":
        return value_words(item, value, None)
    return value_words(item, None, item.categories[int(value)])
