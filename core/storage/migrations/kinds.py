"""A migration lets the column `kind` of a table hold more words."""

from collections.abc import Sequence

from alembic import op

from core.storage.migrations import triggers


def widen(table: str, before: Sequence[str], after: Sequence[str]) -> None:
    """Let `table.kind`, which may hold the words `before`, hold the words `after`.

    SQLite can't change a CHECK, and a rebuilt table would break the foreign keys that lead to it; so the text of the
    schema is changed, as "Making Other Kinds Of Table Schema Changes" of SQLite's ALTER TABLE page says for a CHECK.

    Raises
    ------
    RuntimeError
        When the table has not the check that was expected.
    """
    if triggers.is_postgresql():
        op.drop_constraint(op.f(f"ck_{table}_kind"), table, type_="check")
        op.create_check_constraint("kind", table, _one_of(after))
        return
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema=ON")
    changed = connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = ? AND instr(sql, ?)",
        (_one_of(before), _one_of(after), table, _one_of(before)),
    )
    if changed.rowcount != 1:
        raise RuntimeError(f"the table {table} has not the check on its kind that was expected")
    connection.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema=RESET")


def _one_of(words: Sequence[str]) -> str:
    return f"kind IN ({', '.join(repr(word) for word in words)})"
