"""Makes an audit chain, tampers with it, and asks what is wrong with it."""

import sqlite3
from contextlib import closing

from core.contracts import AuditEvent
from core.storage import audit
from core.storage.database import Database

EVENTS = 6


def append(database: Database, number: int, **changes: object) -> AuditEvent:
    values = {"actor_id": "ada", "kind": "read", "workspace": "demo", "subject": {"number": number, "share": 0.1}}
    with database.write() as tx:
        return audit.append(tx, **{**values, **changes})


def problem(database: Database) -> str | None:
    check = audit.verify(database, database.head_path)
    assert check.ok is (check.problem is None)
    return check.problem


def tamper(database: Database, *statements: str) -> None:
    """Do what somebody can who owns the database: get past the guards and write."""
    if is_sqlite(database):
        with closing(sqlite3.connect(database.where, isolation_level=None)) as raw:  # its foreign keys are off
            for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                raw.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                raw.execute(statement)
        return
    with database.write() as tx:
        for statement in ("SET LOCAL session_replication_role = replica", *statements):
            tx.exec_driver_sql(statement)


def is_sqlite(database: Database) -> bool:
    with database.read() as tx:
        return tx.dialect.name == "sqlite"
