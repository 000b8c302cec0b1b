"""Immutable trained models; at most one per workspace is the champion, which the database itself enforces."""

from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select, update

from core.contracts import NewVersion, Version, VersionStatus
from core.errors import Conflict, NotFound
from core.storage import schema
from core.storage.columns import now
from core.storage.statements import lock_workspace

_PARENT = schema.versions.alias("parent")


def add(tx: Connection, new: NewVersion) -> Version:
    """Register a trained model as the candidate `v1`, `v2`, ... of its workspace.

    Raises
    ------
    NotFound
        When `parent` is no version of the workspace.
    """
    lock_workspace(tx, new.workspace_id)
    table = schema.versions.c
    last = select(func.coalesce(func.max(table.number), 0)).where(table.workspace_id == new.workspace_id)
    number = tx.execute(last).scalar_one() + 1
    row = {
        "workspace_id": new.workspace_id,
        "number": number,
        "name": f"v{number}",
        "revision_id": new.revision_id,
        "run_id": new.run_id,
        "parent_id": None if new.parent is None else get(tx, new.workspace_id, new.parent).id,
        "weights": new.weights,
        "manifest": new.manifest,
        "sha256": new.sha256,
        "status": "candidate",
        "created": now(),
    }
    tx.execute(insert(schema.versions).values(row))
    return get(tx, new.workspace_id, f"v{number}")


def get(tx: Connection, workspace_id: int, name: str) -> Version:
    """Return one version.

    Raises
    ------
    NotFound
        When the workspace has none of this name; the message lists those it has.
    """
    found = tx.execute(_query(workspace_id).where(schema.versions.c.name == name)).first()
    if found is None:
        known = ", ".join(version.name for version in list_versions(tx, workspace_id)) or "none yet"
        raise NotFound(f"There is no version {name!r} in this workspace. Known versions: {known}.")
    return _version(found)


def list_versions(tx: Connection, workspace_id: int) -> tuple[Version, ...]:
    """Return all versions of the workspace, oldest first."""
    return tuple(_version(row) for row in tx.execute(_query(workspace_id)))


def set_status(tx: Connection, version_id: int, status: VersionStatus) -> None:
    """Change the status of a version that does not serve; `set_champion` is the way to serve.

    Raises
    ------
    Conflict
        When the version is the champion, or `status` is.
    """
    table = schema.versions
    change = update(table).where(table.c.id == version_id, table.c.status != "champion").values(status=status)
    if status == "champion" or tx.execute(change).rowcount != 1:
        raise Conflict(
            f"The status of version number {version_id} can't become {status!r}: a champion changes only when "
            "another version is promoted. Look at the versions again."
        )


def set_champion(tx: Connection, workspace_id: int, version_id: int, expected: str | None) -> bool:
    """Make `version_id` serve if the present champion is still `expected` (None: none yet); say whether it was.

    The old champion becomes retired, in the same transaction.

    Raises
    ------
    Conflict
        When the version was rejected meanwhile, or is none of this workspace.
    """
    lock_workspace(tx, workspace_id)
    table = schema.versions
    here = table.c.workspace_id == workspace_id
    champion = tx.execute(select(table.c.name).where(here, table.c.status == "champion")).scalar()
    if champion != expected:
        return False
    status = tx.execute(select(table.c.status).where(here, table.c.id == version_id)).scalar()
    if status is None or status == "rejected":
        raise Conflict(
            f"Version number {version_id} can't serve: it {'was rejected' if status else 'is not of this workspace'}. "
            "Look at the versions again."
        )
    tx.execute(update(table).where(here, table.c.status == "champion").values(status="retired"))
    tx.execute(update(table).where(table.c.id == version_id).values(status="champion"))
    return True


def _query(workspace_id: int) -> Select[Any]:
    table = schema.versions
    return (
        select(table, _PARENT.c.name.label("parent"))
        .outerjoin(_PARENT, _PARENT.c.id == table.c.parent_id)
        .where(table.c.workspace_id == workspace_id)
        .order_by(table.c.number)
    )


def _version(row: Row[Any]) -> Version:
    return Version(
        id=row.id,
        name=row.name,
        workspace_id=row.workspace_id,
        revision_id=row.revision_id,
        run_id=row.run_id,
        parent=row.parent,
        weights=row.weights,
        manifest=row.manifest,
        sha256=row.sha256,
        status=row.status,
        created=row.created,
    )
