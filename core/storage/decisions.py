"""What people decided about versions, with their reasons."""

from typing import Any

from sqlalchemy import Connection, Select, insert, select

from core.contracts import Decision, DecisionKind
from core.storage import schema, versions
from core.storage.columns import now
from core.storage.schema import workspaces

_PREVIOUS = schema.versions.alias("previous")


def add(
    tx: Connection,
    workspace_id: int,
    version: str,
    previous: str | None,
    kind: DecisionKind,
    reason: str,
    overridden: bool,
    acknowledged: bool,
    actor_id: str,
) -> Decision:
    """Record a decision on `version`, when `previous` served. Raises `NotFound` for an unknown version."""
    row = {
        "workspace_id": workspace_id,
        "version_id": versions.get(tx, workspace_id, version).id,
        "previous_id": None if previous is None else versions.get(tx, workspace_id, previous).id,
        "kind": kind,
        "reason": reason,
        "overridden": overridden,
        "acknowledged": acknowledged,
        "actor_id": actor_id,
        "created": now(),
    }
    table = schema.decisions
    decision_id = tx.execute(insert(table).values(row).returning(table.c.id)).scalar_one()
    return Decision(*tx.execute(_query(workspace_id).where(table.c.id == decision_id)).one())


def list_decisions(tx: Connection, workspace_id: int) -> tuple[Decision, ...]:
    """Return the workspace's decisions, newest first."""
    return tuple(Decision(*row) for row in tx.execute(_query(workspace_id)))


def _query(workspace_id: int) -> Select[Any]:
    table = schema.decisions
    columns = [table.c[name] for name in ("kind", "reason", "overridden", "acknowledged", "actor_id", "created")]
    return (
        select(table.c.id, workspaces.c.name, schema.versions.c.name, _PREVIOUS.c.name, *columns)
        .join(workspaces, workspaces.c.id == table.c.workspace_id)
        .join(schema.versions, schema.versions.c.id == table.c.version_id)
        .outerjoin(_PREVIOUS, _PREVIOUS.c.id == table.c.previous_id)
        .where(table.c.workspace_id == workspace_id)
        .order_by(table.c.id.desc())
    )
