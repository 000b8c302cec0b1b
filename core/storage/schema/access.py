"""Who may come in from outside: the tokens of programs."""

from sqlalchemy import Index, Table, UniqueConstraint, text

from core.storage.schema.parts import actor, identity, metadata, time, words

tokens = Table(
    "tokens",
    metadata,
    identity(),
    words("name"),
    words("digest"),
    actor(),
    time(),
    time("last_used", optional=True),
    time("revoked", optional=True),
    UniqueConstraint("digest"),
)
VALID = text("revoked IS NULL")
Index("uq_tokens_valid_name", tokens.c.name, unique=True, sqlite_where=VALID, postgresql_where=VALID)
