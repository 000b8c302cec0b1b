"""Whether people let the model answer at all: every word on it stays, the latest counts."""

from sqlalchemy import Connection, func, insert, select

from core.contracts import Suspension
from core.storage.columns import now
from core.storage.schema import suspensions, workspaces


def add(tx: Connection, workspace_id: int, suspended: bool, reason: str, actor_id: str) -> Suspension:
    """Record that somebody silenced the model, or let it answer again."""
    moment = now()
    row = {
        "workspace_id": workspace_id,
        "suspended": suspended,
        "reason": reason,
        "actor_id": actor_id,
        "created": moment,
    }
    tx.execute(insert(suspensions).values(row))
    return Suspension(suspended, reason, actor_id, moment)


def latest(tx: Connection, workspace_id: int) -> Suspension | None:
    """Return the latest word on whether the model may answer, or None when nobody ever said anything."""
    table = suspensions.c
    query = select(table.suspended, table.reason, table.actor_id, table.created)
    row = tx.execute(query.where(table.workspace_id == workspace_id).order_by(table.id.desc()).limit(1)).first()
    return None if row is None else Suspension(*row)


def is_suspended(tx: Connection, workspace_id: int) -> bool:
    """Return whether the model is silenced now."""
    found = latest(tx, workspace_id)
    return found is not None and found.suspended


def suspended(tx: Connection) -> tuple[str, ...]:
    """Return the names of the workspaces whose model is silenced now."""
    table = suspensions.c
    newest = select(func.max(table.id)).group_by(table.workspace_id)
    query = select(workspaces.c.name).join(suspensions, workspaces.c.id == table.workspace_id)
    return tuple(tx.execute(query.where(table.id.in_(newest), table.suspended).order_by(workspaces.c.name)).scalars())
