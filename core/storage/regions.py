"""Marks on inputs, and the artefacts that group the *ignore* ones."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select

from core.contracts import Artefact, NewRegion, Region
from core.storage import arms, proposals, schema
from core.storage.columns import from_json, now, to_json
from core.storage.schema import cases, run_verdicts, verdicts
from core.storage.statements import insert_all, insert_new


def artefact(tx: Connection, workspace_id: int, name: str) -> int:
    """Return the number of the artefact `name`, made when it is new."""
    table = schema.artefacts
    row = {"workspace_id": workspace_id, "name": name, "created": now()}
    tx.execute(insert_new(tx, table, ["workspace_id", "name"]).values(row))
    query = select(table.c.id).where(table.c.workspace_id == workspace_id, table.c.name == name)
    return int(tx.execute(query).scalar_one())


def artefacts(tx: Connection, workspace_id: int) -> tuple[Artefact, ...]:
    """Return the artefacts of a workspace, oldest first, with the numbers of standing *ignore* and of spread marks."""
    table, marks = schema.artefacts, schema.regions
    counted = (
        select(marks.c.artefact_id, func.count().label("marks"))
        .where(marks.c.kind == "ignore", marks.c.verdict_id.in_(standing_ids(workspace_id)))
        .group_by(marks.c.artefact_id)
        .subquery()
    )
    offered = schema.proposals
    spread = (
        select(offered.c.artefact_id, func.count().label("marks"))
        .where(offered.c.status == "accepted")
        .group_by(offered.c.artefact_id)
        .subquery()
    )
    query = (
        select(table.c.id, table.c.name, func.coalesce(counted.c.marks, 0), func.coalesce(spread.c.marks, 0))
        .outerjoin(counted, counted.c.artefact_id == table.c.id)
        .outerjoin(spread, spread.c.artefact_id == table.c.id)
        .where(table.c.workspace_id == workspace_id)
        .order_by(table.c.id)
    )
    return tuple(Artefact(*row) for row in tx.execute(query))


def standing(tx: Connection, workspace_id: int) -> tuple[Region, ...]:
    """Return the marks of all standing verdicts, oldest first, then the accepted proposals."""
    found = of_verdicts(tx, standing_ids(workspace_id))
    return (*_in_order(found), *proposals.accepted(tx, workspace_id))


def of_run(tx: Connection, run_id: int) -> tuple[Region, ...]:
    """Return the marks that a run learns from, oldest first.

    Those of its verdicts, whether or not they still stand, and the proposals that had been accepted when it was asked
    for.
    """
    found = of_verdicts(tx, select(run_verdicts.c.verdict_id).where(run_verdicts.c.run_id == run_id))
    run = tx.execute(select(schema.runs.c.workspace_id, schema.runs.c.created).where(schema.runs.c.id == run_id)).one()
    return (*_in_order(found), *proposals.accepted(tx, run.workspace_id, until=run.created))


def _in_order(found: Mapping[int, Sequence[Region]]) -> list[Region]:
    return sorted((mark for marks in found.values() for mark in marks), key=lambda mark: mark.id)


def standing_ids(workspace_id: int, case_id: int | None = None, *, trained: bool = False) -> Select[tuple[int]]:
    """Return a query for the newest verdict per case, target and actor that was not withdrawn.

    Those given after an answer that was wrong on purpose taught a person, and teach no model: they are left out unless
    `trained`.
    """
    newest = (
        select(func.max(verdicts.c.id))
        .join(cases, cases.c.id == verdicts.c.case_id)
        .where(cases.c.workspace_id == workspace_id)
        .group_by(verdicts.c.case_id, verdicts.c.target, verdicts.c.actor_id)
    )
    if case_id is not None:
        newest = newest.where(verdicts.c.case_id == case_id)
    chosen = select(verdicts.c.id).where(verdicts.c.id.in_(newest), verdicts.c.stance != "withdrawn")
    return chosen if trained else chosen.where(~arms.known_wrong(verdicts.c.case_id, verdicts.c.actor_id))


def add(tx: Connection, case_id: int, verdict_id: int, marks: Sequence[NewRegion]) -> None:
    """Store the marks of a new verdict on `case_id`, their artefacts made when new."""
    named = sorted({mark.artefact for mark in marks if mark.artefact})
    ids: dict[str, int] = {}
    if named:
        workspace_id = tx.execute(select(cases.c.workspace_id).where(cases.c.id == case_id)).scalar_one()
        ids = {name: artefact(tx, workspace_id, name) for name in named}
    rows = [
        {
            "verdict_id": verdict_id,
            "field": mark.field,
            "kind": mark.kind,
            "artefact_id": ids[mark.artefact] if mark.artefact else None,
            "mask": mark.mask,
            "names": to_json(mark.names),
            "spans": to_json(mark.spans),
        }
        for mark in marks
    ]
    insert_all(tx, insert(schema.regions), rows)


def of_verdicts(tx: Connection, verdict_ids: Select[tuple[int]]) -> dict[int, list[Region]]:
    """Return verdict id -> its marks in order, for the verdicts that a query chooses."""
    table = schema.regions
    query = (
        select(table, schema.artefacts.c.name.label("artefact"), verdicts.c.case_id, verdicts.c.actor_id)
        .join(verdicts, verdicts.c.id == table.c.verdict_id)
        .outerjoin(schema.artefacts, schema.artefacts.c.id == table.c.artefact_id)
        .where(table.c.verdict_id.in_(verdict_ids))
        .order_by(table.c.id)
    )
    found: dict[int, list[Region]] = defaultdict(list)
    for row in tx.execute(query):
        found[row.verdict_id].append(Region(row.id, row.case_id, row.verdict_id, row.actor_id, _mark(row)))
    return found


def _mark(row: Row[Any]) -> NewRegion:
    return NewRegion(
        field=row.field,
        kind=row.kind,
        artefact=row.artefact,
        mask=row.mask,
        names=tuple(from_json(row.names)),
        spans=tuple((start, end) for start, end in from_json(row.spans)),
    )
