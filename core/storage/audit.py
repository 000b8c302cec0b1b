"""The hash-chained record of who did what.

Rows hold ids and salted digests only; payloads live where they can be erased, and an erasure is itself an
event. `core.storage.chain` says what the hash covers.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, insert, select, text

from core.contracts import AuditEvent
from core.errors import NotFound
from core.storage import payloads, schema
from core.storage.audit_check import verify
from core.storage.chain import ERASURE, Subject, event_hash, event_of, time_text
from core.storage.chain_head import GENESIS
from core.storage.columns import now, to_json
from core.storage.database import APPENDED, write_head

__all__ = ["append", "erase", "event_hash", "events", "kinds", "record_erasure", "verify", "write_head"]

_APPEND_LOCK = 7_203_002
_TABLE = schema.audit_events


def append(
    tx: Connection,
    *,
    actor_id: str,
    kind: str,
    workspace: str | None,
    subject: Subject,
    payload: bytes | None = None,
    case_id: int | None = None,
) -> AuditEvent:
    """Append an event in the transaction of what it records; the chain can't fork.

    Parameters
    ----------
    tx
        A connection of `Database.write`.
    actor_id, kind, workspace, subject
        Who did what to what. Ids and numbers only: this stays for ever.
    payload
        Words of people. Only its salted digest enters the chain; it can be erased.
    case_id
        The case whose erasure takes the payload along.
    """
    if tx.dialect.name == "postgresql":
        tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _APPEND_LOCK})
    query = select(_TABLE.c.sequence, _TABLE.c.hash).order_by(_TABLE.c.sequence.desc()).limit(1)
    last = tx.execute(query).first()
    salt = payloads.new_salt()
    event = AuditEvent(
        sequence=1 if last is None else last.sequence + 1,
        at=now(),
        actor_id=actor_id,
        kind=kind,
        workspace=workspace,
        subject=dict(subject),
        payload_digest=None if payload is None else payloads.digest(salt, payload),
        previous_hash=GENESIS if last is None else last.hash,
        hash="",
    )
    event = replace(event, hash=event_hash(event))
    _insert(tx, event)
    if payload is not None:
        payloads.add(tx, payload, salt=salt, case_id=case_id, event_sequence=event.sequence)
    tx.info[APPENDED] = True
    return event


def events(
    tx: Connection,
    *,
    workspace: str | None = None,
    kind: str | None = None,
    actor_id: str | None = None,
    limit: int | None = 500,
) -> tuple[AuditEvent, ...]:
    """Return events, newest first; `limit=None` returns all."""
    query = select(_TABLE).order_by(_TABLE.c.sequence.desc()).limit(limit)
    wanted = ((_TABLE.c.workspace, workspace), (_TABLE.c.kind, kind), (_TABLE.c.actor_id, actor_id))
    for column, value in wanted:
        if value is not None:
            query = query.where(column == value)
    return tuple(event_of(row) for row in tx.execute(query))


def kinds(tx: Connection) -> tuple[str, ...]:
    """Return the kinds of event that occur, sorted."""
    return tuple(tx.execute(select(_TABLE.c.kind).distinct().order_by(_TABLE.c.kind)).scalars())


def erase(
    tx: Connection, payload_ids: Sequence[int], actor_id: str, reason: str, workspace: str | None = None
) -> AuditEvent:
    """Empty payloads for good and record that; the chain still verifies.

    `core.storage.erasure.erase_case` does this for all that a case holds.

    Raises
    ------
    NotFound
        When there is nothing to erase.
    """
    ids = tuple(sorted(set(payload_ids)))
    if not ids:
        raise NotFound("There is nothing to erase: no comment or text is kept here.")
    payloads.empty(tx, ids)
    return record_erasure(tx, ids, actor_id, reason, workspace)


def record_erasure(
    tx: Connection, ids: Sequence[int], actor_id: str, reason: str, workspace: str | None, case_id: int | None = None
) -> AuditEvent:
    """Append the event that says which payloads (of which case) were emptied, and why."""
    subject = {"payloads": " ".join(str(number) for number in ids), "reason": reason, "case_id": case_id}
    return append(tx, actor_id=actor_id, kind=ERASURE, workspace=workspace, subject=subject)


def _insert(tx: Connection, event: AuditEvent) -> None:
    row = {
        "sequence": event.sequence,
        "at": time_text(event.at),
        "actor_id": event.actor_id,
        "kind": event.kind,
        "workspace": event.workspace,
        "subject": to_json(dict(event.subject)),
        "payload_digest": event.payload_digest,
        "previous_hash": event.previous_hash,
        "hash": event.hash,
    }
    tx.execute(insert(_TABLE).values(row))
