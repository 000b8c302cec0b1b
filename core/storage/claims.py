"""Expiring holds on cases, so that two readers do not get the same one."""

from datetime import timedelta

from sqlalchemy import Connection, delete, select

from core.storage.columns import now
from core.storage.schema import cases, claims
from core.storage.statements import insert_or_update


def claim(tx: Connection, case_id: int, actor_id: str, minutes: float) -> str | None:
    """Hold the case for `minutes`; return None when it is yours now, else the id of who holds it.

    A claim that ran out is replaced; one's own is prolonged.
    """
    present = now()
    row = {"case_id": case_id, "actor_id": actor_id, "expires": present + timedelta(minutes=minutes)}
    free = (claims.c.expires <= present) | (claims.c.actor_id == actor_id)
    tx.execute(insert_or_update(tx, claims, ["case_id"], only_where=free).values(row))
    holder = tx.execute(select(claims.c.actor_id).where(claims.c.case_id == case_id)).scalar_one()
    return None if holder == actor_id else str(holder)


def holders(tx: Connection, workspace_id: int) -> dict[int, str]:
    """Return case id -> id of the actor who holds it now."""
    query = (
        select(claims.c.case_id, claims.c.actor_id)
        .join(cases, cases.c.id == claims.c.case_id)
        .where(cases.c.workspace_id == workspace_id, claims.c.expires > now())
    )
    return {row.case_id: row.actor_id for row in tx.execute(query)}


def release(tx: Connection, case_id: int, actor_id: str) -> None:
    """Give one's own claim up; somebody else's stays."""
    tx.execute(delete(claims).where(claims.c.case_id == case_id, claims.c.actor_id == actor_id))
