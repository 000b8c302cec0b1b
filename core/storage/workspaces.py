"""Workspaces and their immutable revisions."""

from typing import Any

from sqlalchemy import Connection, Row, insert, select

from core.contracts import Workspace
from core.errors import NotFound
from core.storage import schema
from core.storage.columns import now
from core.storage.schema import cases, verdicts, versions
from core.storage.schema import workspace_revisions as revisions
from core.storage.statements import insert_new, lock_workspace


def ensure(tx: Connection, name: str, toml_text: str, actor_id: str) -> Workspace:
    """Return the workspace with `toml_text` as its latest revision; the same text makes no new one."""
    new = insert_new(tx, schema.workspaces, ["name"]).values(name=name, created=now())
    tx.execute(new)
    workspace_id = tx.execute(select(schema.workspaces.c.id).where(schema.workspaces.c.name == name)).scalar_one()
    lock_workspace(tx, workspace_id)
    latest = _latest(tx, name)
    if latest is None or latest.toml != toml_text:
        row = {
            "workspace_id": workspace_id,
            "revision": 1 if latest is None else latest.revision + 1,
            "toml": toml_text,
            "actor_id": actor_id,
            "created": now(),
        }
        tx.execute(insert(revisions).values(row))
    return get(tx, name)


def get(tx: Connection, name: str) -> Workspace:
    """Return the workspace `name` with its latest revision and its champion.

    Raises
    ------
    NotFound
        When there is none; the message lists the known ones.
    """
    latest = _latest(tx, name)
    if latest is None:
        known = ", ".join(names(tx)) or "none yet"
        raise NotFound(f"There is no workspace {name!r}. Known workspaces: {known}.")
    champion = (
        select(versions.c.name)
        .where(versions.c.workspace_id == latest.workspace_id)
        .where(versions.c.status == "champion")
    )
    return Workspace(
        id=latest.workspace_id,
        name=name,
        revision_id=latest.id,
        revision=latest.revision,
        toml=latest.toml,
        champion=tx.execute(champion).scalar(),
    )


def names(tx: Connection) -> tuple[str, ...]:
    """Return the names of all workspaces, oldest first."""
    return tuple(tx.execute(select(schema.workspaces.c.name).order_by(schema.workspaces.c.id)).scalars())


def revision_toml(tx: Connection, revision_id: int) -> str:
    """Return the TOML text of one revision.

    Raises
    ------
    NotFound
        When there is no such revision.
    """
    text = tx.execute(select(revisions.c.toml).where(revisions.c.id == revision_id)).scalar()
    if text is None:
        raise NotFound(f"There is no workspace revision with the number {revision_id}.")
    return str(text)


def has_verdicts(tx: Connection, workspace_id: int) -> bool:
    """Return whether anybody gave a verdict here; from then on labels, fields and splits can't change."""
    query = select(verdicts.c.id).join(cases, cases.c.id == verdicts.c.case_id)
    return tx.execute(query.where(cases.c.workspace_id == workspace_id).limit(1)).first() is not None


def _latest(tx: Connection, name: str) -> Row[Any] | None:
    query = (
        select(revisions)
        .join(schema.workspaces, schema.workspaces.c.id == revisions.c.workspace_id)
        .where(schema.workspaces.c.name == name)
        .order_by(revisions.c.revision.desc())
        .limit(1)
    )
    return tx.execute(query).first()
