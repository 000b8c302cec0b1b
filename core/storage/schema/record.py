"""The audit chain and what can be erased from it."""

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, UniqueConstraint

from core.storage.schema.parts import identity, link, metadata, words

audit_events = Table(
    "audit_events",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    words("at"),
    words("actor_id"),
    words("kind"),
    words("workspace", optional=True),
    words("subject"),
    words("payload_digest", optional=True),
    words("previous_hash"),
    words("hash"),
    UniqueConstraint("previous_hash"),
)
payloads = Table(
    "payloads",
    metadata,
    identity(),
    link("case_id", "cases.id", optional=True),
    link("verdict_id", "verdicts.id", optional=True),
    link("event_sequence", "audit_events.sequence", optional=True),
    Column("salt", LargeBinary, nullable=True),
    Column("content", LargeBinary, nullable=True),
    words("digest"),
    UniqueConstraint("verdict_id"),
    UniqueConstraint("event_sequence"),
)
Index("ix_payloads_case", payloads.c.case_id)
