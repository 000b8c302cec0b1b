"""Tokens of programs, by digest: the token itself is never stored."""

from datetime import datetime

from sqlalchemy import Connection, Row, insert, select, update

from core.contracts import Token
from core.errors import Conflict, NotFound
from core.storage.columns import now
from core.storage.schema import tokens


def add(tx: Connection, name: str, digest: str, actor_id: str) -> Token:
    """Store a new token's digest.

    Raises
    ------
    Conflict
        When a valid token has that name.
    """
    taken = select(tokens.c.id).where(tokens.c.name == name, tokens.c.revoked.is_(None))
    if tx.execute(taken).first() is not None:
        raise Conflict(f"There is a token {name!r} already. Revoke it first, or choose another name.")
    row = {"name": name, "digest": digest, "actor_id": actor_id, "created": now()}
    tx.execute(insert(tokens).values(row))
    return _token(tx.execute(select(tokens).where(tokens.c.digest == digest)).one())


def by_digest(tx: Connection, digest: str) -> tuple[Token, str] | None:
    """Return the token with this digest (revoked or not) and the stored digest, or None."""
    row = tx.execute(select(tokens).where(tokens.c.digest == digest)).first()
    return None if row is None else (_token(row), str(row.digest))


def list_tokens(tx: Connection) -> tuple[Token, ...]:
    """Return all tokens, revoked ones too, oldest first."""
    return tuple(_token(row) for row in tx.execute(select(tokens).order_by(tokens.c.id)))


def used(tx: Connection, token_id: int, at: datetime) -> None:
    """Record when a token was used last."""
    tx.execute(update(tokens).where(tokens.c.id == token_id).values(last_used=at))


def revoke(tx: Connection, name: str) -> Token:
    """Make the valid token called `name` invalid for good.

    Raises
    ------
    NotFound
        When no valid token has that name.
    """
    row = tx.execute(select(tokens).where(tokens.c.name == name, tokens.c.revoked.is_(None))).first()
    if row is None:
        valid = select(tokens.c.name).where(tokens.c.revoked.is_(None)).order_by(tokens.c.name)
        known = ", ".join(tx.execute(valid).scalars()) or "none"
        raise NotFound(f"There is no valid token {name!r}. Valid tokens: {known}.")
    tx.execute(update(tokens).where(tokens.c.id == row.id).values(revoked=now()))
    return _token(tx.execute(select(tokens).where(tokens.c.id == row.id)).one())


def _token(row: Row[tuple[object, ...]]) -> Token:
    return Token(row.id, row.name, row.actor_id, row.created, row.last_used, row.revoked)
