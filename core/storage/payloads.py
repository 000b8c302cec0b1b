"""Words of people (comments, texts of audit events), kept apart so that they can be erased."""

import hashlib
import secrets
from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update

from core.storage import schema
from core.storage.statements import chunks

SALT_BYTES = 16


def digest(salt: bytes, content: bytes) -> str:
    """Return sha256 over salt and content, as hex; without the salt it can't be guessed back."""
    return hashlib.sha256(salt + content).hexdigest()


def new_salt() -> bytes:
    """Return a fresh random salt."""
    return secrets.token_bytes(SALT_BYTES)


def add(
    tx: Connection,
    content: bytes,
    *,
    salt: bytes | None = None,
    case_id: int | None = None,
    verdict_id: int | None = None,
    event_sequence: int | None = None,
) -> None:
    """Store `content` with its salted digest, tied to the case, verdict or audit event it belongs to."""
    salt = new_salt() if salt is None else salt
    row = {
        "case_id": case_id,
        "verdict_id": verdict_id,
        "event_sequence": event_sequence,
        "salt": salt,
        "content": content,
        "digest": digest(salt, content),
    }
    tx.execute(insert(schema.payloads).values(row))


def ids_of_case(tx: Connection, case_id: int) -> tuple[int, ...]:
    """Return the payloads of a case that are not erased yet."""
    table = schema.payloads.c
    query = select(table.id).where(table.case_id == case_id, table.content.is_not(None)).order_by(table.id)
    return tuple(tx.execute(query).scalars())


def of_event(tx: Connection, sequence: int) -> bytes | None:
    """Return the payload of an audit event, or None when it has none or it was erased."""
    table = schema.payloads.c
    return tx.execute(select(table.content).where(table.event_sequence == sequence)).scalar()


def of_events(tx: Connection, sequences: Sequence[int]) -> dict[int, bytes]:
    """Return sequence -> payload for the audit events that have one that was not erased."""
    table = schema.payloads.c
    found: dict[int, bytes] = {}
    for some in chunks(sequences):
        query = select(table.event_sequence, table.content).where(table.event_sequence.in_(some))
        found.update((sequence, content) for sequence, content in tx.execute(query) if content is not None)
    return found


def empty(tx: Connection, ids: Sequence[int]) -> None:
    """Remove content and salt for good; the digest stays, so that the chain still verifies."""
    tx.execute(update(schema.payloads).where(schema.payloads.c.id.in_(ids)).values(salt=None, content=None))
