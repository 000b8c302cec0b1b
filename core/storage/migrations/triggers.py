"""Triggers that hold what a constraint can't say, for both dialects."""

from alembic import op

_POSTGRESQL_REFUSE = """
CREATE FUNCTION tandem_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_ARGV[0];
END $$
"""


def is_postgresql() -> bool:
    """Return whether the migration runs on PostgreSQL."""
    return op.get_context().dialect.name == "postgresql"


def prepare() -> None:
    """Create the function that PostgreSQL's triggers call."""
    if is_postgresql():
        op.execute(_POSTGRESQL_REFUSE)


def refuse(name: str, event: str, table: str, message: str, when: str = "") -> None:
    """Create the trigger `name`, which refuses `event` (`DELETE`, `UPDATE OF a, b`) on `table`.

    `when` is a condition on OLD and NEW that both dialects understand.
    """
    condition = f"WHEN ({when})" if when else ""
    head = f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW {condition}"
    if is_postgresql():
        op.execute(f"{head} EXECUTE FUNCTION tandem_refuse('{message}')")
    else:
        op.execute(f"{head} BEGIN SELECT RAISE(ABORT, '{message}'); END")


def append_only(table: str) -> None:
    """Refuse every UPDATE, DELETE and (where it exists) TRUNCATE of `table`."""
    message = f"{table} is append-only"
    refuse(f"{table}_no_update", "UPDATE", table, message)
    refuse(f"{table}_no_delete", "DELETE", table, message)
    if is_postgresql():
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION tandem_refuse('{message}')"
        )
