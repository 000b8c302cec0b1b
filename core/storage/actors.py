"""Who acts."""

from sqlalchemy import Connection, select, update

from core.contracts import Actor
from core.storage.columns import now
from core.storage.schema import actors
from core.storage.statements import insert_new


def ensure(tx: Connection, actor: Actor) -> None:
    """Make sure that `actor` is known; a new display name replaces the old one."""
    known = tx.execute(select(actors.c.name).where(actors.c.id == actor.id)).scalar()
    if known is None:
        row = {"id": actor.id, "kind": actor.kind, "name": actor.name, "created": now()}
        tx.execute(insert_new(tx, actors, ["id"]).values(row))
    elif actor.name and actor.name != known:
        tx.execute(update(actors).where(actors.c.id == actor.id).values(name=actor.name))


def names(tx: Connection) -> dict[str, str]:
    """Return actor id -> display name (the id where no name was given)."""
    return {row.id: row.name or row.id for row in tx.execute(select(actors.c.id, actors.c.name))}


def persons(tx: Connection) -> frozenset[str]:
    """Return the ids of all actors who are people, and no programs."""
    return frozenset(tx.execute(select(actors.c.id).where(actors.c.kind == "person")).scalars())
