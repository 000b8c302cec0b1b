"""Pseudonyms and experience of a workspace's readers: what other people see instead of names."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from core.errors import NotFound
from core.storage.columns import now
from core.storage.schema import readers
from core.storage.statements import lock_workspace


@dataclass(frozen=True, slots=True)
class Reader:
    """One person who reads cases of a workspace, as others see them."""

    actor_id: str
    pseudonym: str
    """`R1`, `R2`, ... in the order in which they first came; never changed or given to another."""
    experience: str
    """Empty where nobody said."""


def of_workspace(tx: Connection, workspace_id: int) -> dict[str, Reader]:
    """Return actor id -> reader, for all who have a pseudonym; in the order of their numbers."""
    table = readers.c
    query = select(table.actor_id, table.number, table.experience).where(table.workspace_id == workspace_id)
    rows = tx.execute(query.order_by(table.number))
    return {row.actor_id: Reader(row.actor_id, f"R{row.number}", row.experience) for row in rows}


def pseudonym(tx: Connection, workspace_id: int, actor_id: str) -> str:
    """Return the pseudonym of a reader of this workspace, giving the next one to a newcomer.

    Example
    -------
    >>> pseudonym(tx, workspace_id, "ada"), pseudonym(tx, workspace_id, "ben"), pseudonym(tx, workspace_id, "ada")
    ('R1', 'R2', 'R1')
    """
    known = of_workspace(tx, workspace_id).get(actor_id)
    if known is not None:
        return known.pseudonym
    lock_workspace(tx, workspace_id)
    here = readers.c.workspace_id == workspace_id
    again = tx.execute(select(readers.c.number).where(here, readers.c.actor_id == actor_id)).scalar()
    if again is not None:
        return f"R{again}"
    number = tx.execute(select(func.coalesce(func.max(readers.c.number), 0)).where(here)).scalar_one() + 1
    row = {"workspace_id": workspace_id, "actor_id": actor_id, "number": number, "experience": "", "created": now()}
    tx.execute(insert(readers).values(row))
    return f"R{number}"


def set_experience(tx: Connection, workspace_id: int, name: str, experience: str) -> None:
    """Note how experienced the reader with the pseudonym `name` is; an empty text takes it away.

    Raises
    ------
    NotFound
        When nobody here has this pseudonym; the message names those who are.
    """
    known = {reader.pseudonym: reader.actor_id for reader in of_workspace(tx, workspace_id).values()}
    if name not in known:
        raise NotFound(f"There is no reader {name!r} here. Known: {', '.join(known) or 'nobody has read a case yet'}.")
    own = (readers.c.workspace_id == workspace_id) & (readers.c.actor_id == known[name])
    tx.execute(update(readers).where(own).values(experience=experience))
