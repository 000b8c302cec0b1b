"""What a version judges itself by: its fitted outlier detector (a blob) and its rules, one row a version."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from core.storage.columns import now
from core.storage.schema import guards, versions
from core.storage.statements import insert_or_update


@dataclass(frozen=True, slots=True)
class StoredGuard:
    """A guard as it is kept."""

    state: str | None
    """Blob of the detector's numbers (safetensors); None where there is no detector."""
    rules: str
    """JSON."""


def put(tx: Connection, version_id: int, guard: StoredGuard) -> None:
    """Keep the guard of a version in place of an earlier one."""
    row = {"version_id": version_id, "state": guard.state, "rules": guard.rules, "created": now()}
    tx.execute(insert_or_update(tx, guards, ["version_id"]).values(row))


def get(tx: Connection, version_id: int) -> StoredGuard | None:
    """Return the guard of a version, or None when none was made yet."""
    row = tx.execute(select(guards.c.state, guards.c.rules).where(guards.c.version_id == version_id)).first()
    return None if row is None else StoredGuard(row.state, row.rules)


def forget(tx: Connection, workspace_id: int) -> None:
    """Drop the guards of all versions of a workspace: what they rest on has changed, so they are made anew."""
    of_workspace = select(versions.c.id).where(versions.c.workspace_id == workspace_id)
    tx.execute(delete(guards).where(guards.c.version_id.in_(of_workspace)))
