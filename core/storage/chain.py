"""What one link of the audit chain is: its row, its canonical form, its hash."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from core.contracts import AuditEvent
from core.storage.columns import from_json, to_json

Subject = Mapping[str, str | int | float | bool | None]
ERASURE = "erasure"
"""Kind of the event that empties payloads; its subject's `payloads` lists their numbers, space-separated."""


def event_hash(event: AuditEvent) -> str:
    """Return the sha256 (hex) of the event's canonical JSON, which names everything but its own hash.

    Canonical: keys sorted, no spaces, UTF-8, the time as ISO 8601 in UTC with microseconds.
    """
    content = {
        "sequence": event.sequence,
        "at": time_text(event.at),
        "actor_id": event.actor_id,
        "kind": event.kind,
        "workspace": event.workspace,
        "subject": dict(event.subject),
        "payload_digest": event.payload_digest,
        "previous_hash": event.previous_hash,
    }
    return hashlib.sha256(to_json(content).encode()).hexdigest()


def time_text(at: datetime) -> str:
    """Return an aware UTC time as the chain writes it."""
    return at.isoformat(timespec="microseconds")


def event_of(row: Row[Any]) -> AuditEvent:
    """Return the event that a row of `audit_events` holds."""
    return AuditEvent(
        sequence=row.sequence,
        at=datetime.fromisoformat(row.at),
        actor_id=row.actor_id,
        kind=row.kind,
        workspace=row.workspace,
        subject=from_json(row.subject),
        payload_digest=row.payload_digest,
        previous_hash=row.previous_hash,
        hash=row.hash,
    )
