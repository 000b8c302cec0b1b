"""Verification of the audit chain: finds what was edited, deleted, inserted, reordered or cut off."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, select

from core.contracts import AuditCheck
from core.storage import payloads, schema
from core.storage.chain import ERASURE, event_hash, event_of, time_text
from core.storage.chain_head import GENESIS, ChainHead, read_head
from core.storage.columns import from_json, to_json
from core.storage.database import Database

_EVENTS = schema.audit_events
_PAYLOADS = schema.payloads


def verify(db: Database, head_path: Path) -> AuditCheck:
    """Check every link, every payload and the head that is kept in `head_path`.

    The problem names the first bad sequence and what is wrong with it. The database may be ahead of the head
    file (a crash between commit and file), never behind; erased payloads pass when an event records the erasure.
    """
    head = read_head(head_path)  # before the database is read: writers only move both forward
    with db.read() as tx:
        hashes: dict[int, str] = {0: GENESIS}
        problem = _link_problem(tx, hashes) or _head_problem(head, head_path, hashes) or _payload_problem(tx)
    return AuditCheck(ok=problem is None, events=len(hashes) - 1, problem=problem)


def _link_problem(tx: Connection, hashes: dict[int, str]) -> str | None:
    """Fill `hashes` (sequence -> hash) while the chain holds; return what breaks it."""
    for row in tx.execute(select(_EVENTS).order_by(_EVENTS.c.sequence)):
        problem = _row_problem(row, len(hashes), hashes[len(hashes) - 1])
        if problem is not None:
            return problem
        hashes[row.sequence] = row.hash
    return None


def _row_problem(row: Row[Any], expected: int, previous_hash: str) -> str | None:
    if row.sequence > expected:
        return f"event {expected} is missing: it was deleted (the next one is {row.sequence})"
    if row.sequence < expected:
        return f"event {row.sequence} was inserted: the chain begins with event 1"
    linked, intact = row.previous_hash == previous_hash, _is_intact(row)
    if intact and linked:
        return None
    if intact:
        return f"event {expected} does not follow the one before it: an event was inserted or replaced"
    if linked:
        return f"event {expected} was edited: its content does not match its hash"
    return f"event {expected} is not the one that was written here: events were reordered or inserted"


def _is_intact(row: Row[Any]) -> bool:
    try:
        event = event_of(row)
        canonical = to_json(dict(event.subject)) == row.subject and time_text(event.at) == row.at
        return bool(canonical and event_hash(event) == row.hash)
    except (TypeError, ValueError):
        return False


def _head_problem(head: ChainHead | None, head_path: Path, hashes: Mapping[int, str]) -> str | None:
    if head is None:
        return (
            f"the head file {head_path.name} is missing or damaged, so a cut tail can't be ruled out: "
            "bring the file back from a backup"
        )
    found = hashes.get(head.sequence)
    if found is None:
        return f"event {len(hashes)} is missing: the chain was truncated, {head.sequence} events were written"
    if found != head.hash:
        return f"event {head.sequence} is not the one that was written last: the chain was rewritten"
    return None


def _payload_problem(tx: Connection) -> str | None:
    erased = _recorded_erasures(tx)
    of_events = (
        select(_EVENTS.c.sequence, _EVENTS.c.payload_digest, *_PAYLOADS.c)
        .outerjoin(_PAYLOADS, _PAYLOADS.c.event_sequence == _EVENTS.c.sequence)
        .where(_EVENTS.c.payload_digest.is_not(None))
        .order_by(_EVENTS.c.sequence)
    )
    for row in tx.execute(of_events):
        problem = _text_problem(row, row.payload_digest, erased)
        if problem is not None:
            return f"event {row.sequence}: its text {problem}"
    for row in tx.execute(
        select(_PAYLOADS).where(_PAYLOADS.c.verdict_id.is_not(None)).order_by(_PAYLOADS.c.verdict_id)
    ):
        problem = _text_problem(row, row.digest, erased)
        if problem is not None:
            return f"the comment of verdict {row.verdict_id} {problem}"
    return None


def _text_problem(row: Row[Any], digest: str, erased: set[int]) -> str | None:
    if row.id is None:
        return "was removed"
    if row.content is None or row.salt is None:
        return None if row.id in erased and row.digest == digest else "was removed without a record of an erasure"
    return None if payloads.digest(row.salt, row.content) == digest else "was edited"


def _recorded_erasures(tx: Connection) -> set[int]:
    subjects = tx.execute(select(_EVENTS.c.subject).where(_EVENTS.c.kind == ERASURE)).scalars()
    return {int(number) for subject in subjects for number in str(from_json(subject).get("payloads", "")).split()}
