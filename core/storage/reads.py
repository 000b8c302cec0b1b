"""Reads: a person's answer before the model was revealed."""

from sqlalchemy import Connection, func, select

from core.contracts import Confidence, Read
from core.storage import schema
from core.storage.columns import now
from core.storage.schema import cases
from core.storage.statements import insert_new

_IDENTITY = ["case_id", "target", "actor_id"]
_COLUMNS = [schema.reads.c[name] for name in Read.__dataclass_fields__]


def add(
    tx: Connection,
    case_id: int,
    target: str,
    actor_id: str,
    label: str,
    confidence: Confidence,
    seconds: float | None,
) -> Read:
    """Record a read; when this actor has one for this case and target already, return that one unchanged."""
    row = {
        "case_id": case_id,
        "target": target,
        "actor_id": actor_id,
        "label": label,
        "confidence": confidence,
        "seconds": seconds,
        "created": now(),
    }
    tx.execute(insert_new(tx, schema.reads, _IDENTITY).values(row))
    same = [schema.reads.c[name] == row[name] for name in _IDENTITY]
    return Read(*tx.execute(select(*_COLUMNS).where(*same)).one())


def of_case(tx: Connection, case_id: int, actor_id: str | None) -> tuple[Read, ...]:
    """Return the reads of a case, oldest first; of one actor, or of everybody for None."""
    query = select(*_COLUMNS).where(schema.reads.c.case_id == case_id).order_by(schema.reads.c.id)
    if actor_id is not None:
        query = query.where(schema.reads.c.actor_id == actor_id)
    return tuple(Read(*row) for row in tx.execute(query))


def of_workspace(tx: Connection, workspace_id: int) -> tuple[Read, ...]:
    """Return all reads of a workspace, oldest first."""
    query = select(*_COLUMNS).join(cases, cases.c.id == schema.reads.c.case_id)
    chosen = query.where(cases.c.workspace_id == workspace_id).order_by(schema.reads.c.id)
    return tuple(Read(*row) for row in tx.execute(chosen))


def by_actor(tx: Connection, workspace_id: int, actor_id: str) -> dict[int, int]:
    """Return case id -> number of targets that this actor has read."""
    table = schema.reads.c
    query = (
        select(table.case_id, func.count().label("targets"))
        .join(cases, cases.c.id == table.case_id)
        .where(cases.c.workspace_id == workspace_id, table.actor_id == actor_id)
        .group_by(table.case_id)
    )
    return {row.case_id: row.targets for row in tx.execute(query)}
