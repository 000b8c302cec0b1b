"""Under which arm a person reads a case: as usual, without the model, or shown a wrong answer on purpose."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.sql.elements import ColumnElement

from core.contracts import Arm
from core.storage import schema
from core.storage.columns import from_json, now, to_json
from core.storage.schema import cases
from core.storage.statements import insert_new

ArmOf = tuple[int, str]
"""Number of a case, id of a person."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The arm of one person's reading of one case; it never changes."""

    arm: Arm
    shown: Mapping[str, str]
    """Known wrong: target -> the wrong label that is shown."""


def add(tx: Connection, case_id: int, actor_id: str, arm: Arm, shown: Mapping[str, str]) -> Drawn:
    """Record the arm of a reading; when there is one already, return that one unchanged."""
    row = {
        "case_id": case_id,
        "actor_id": actor_id,
        "arm": arm,
        "shown": to_json(dict(shown)) if shown else None,
        "created": now(),
    }
    tx.execute(insert_new(tx, schema.arms, ["case_id", "actor_id"]).values(row))
    return get(tx, case_id, actor_id) or Drawn(arm, shown)


def get(tx: Connection, case_id: int, actor_id: str) -> Drawn | None:
    """Return the arm of a reading, or None before its first opening."""
    table = schema.arms.c
    query = select(table.arm, table.shown).where(table.case_id == case_id, table.actor_id == actor_id)
    row = tx.execute(query).first()
    return None if row is None else Drawn(row.arm, from_json(row.shown) if row.shown else {})


def of_workspace(
    tx: Connection, workspace_id: int, actor_id: str | None = None, arm: Arm | None = None
) -> dict[ArmOf, Arm]:
    """Return (case, person) -> arm of the readings of a workspace; of one person, under one arm, when given."""
    table = schema.arms.c
    query = select(table.case_id, table.actor_id, table.arm).join(cases, cases.c.id == table.case_id)
    query = query.where(cases.c.workspace_id == workspace_id)
    if actor_id is not None:
        query = query.where(table.actor_id == actor_id)
    if arm is not None:
        query = query.where(table.arm == arm)
    return {(row.case_id, row.actor_id): row.arm for row in tx.execute(query)}


def known_wrong(case_id: ColumnElement[int], actor_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition that this person was shown a wrong answer to this case on purpose."""
    table = schema.arms.c
    found = select(table.case_id).where(table.case_id == case_id, table.actor_id == actor_id)
    return found.where(table.arm == "known wrong").exists()
