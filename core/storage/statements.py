"""Statements that the two dialects spell alike but SQLAlchemy does not share."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Insert, Table, TextClause, select
from sqlalchemy.dialects import postgresql, sqlite

from core.errors import NotFound
from core.storage.schema import workspaces

Item = TypeVar("Item")

CHUNK = 5_000
"""Bound values of one statement: SQLite allows 32,766, PostgreSQL 65,535."""


def insert_new(tx: Connection, table: Table, columns: Sequence[str], where: TextClause | None = None) -> Insert:
    """Return an INSERT that leaves a row alone that already has these unique `columns`."""
    if tx.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing(index_elements=columns, index_where=where)
    return sqlite.insert(table).on_conflict_do_nothing(index_elements=columns, index_where=where)


def insert_or_update(
    tx: Connection, table: Table, columns: Sequence[str], only_where: ColumnElement[bool] | None = None
) -> Insert:
    """Return an INSERT that overwrites the other columns of a row that already has these unique `columns`.

    With `only_where`, a present row is overwritten only when that holds for it.
    """
    if tx.dialect.name == "postgresql":
        new = postgresql.insert(table)
        values = {column.name: new.excluded[column.name] for column in table.c if column.name not in columns}
        return new.on_conflict_do_update(index_elements=columns, set_=values, where=only_where)
    light = sqlite.insert(table)
    values = {column.name: light.excluded[column.name] for column in table.c if column.name not in columns}
    return light.on_conflict_do_update(index_elements=columns, set_=values, where=only_where)


def insert_all(tx: Connection, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run `statement` for all rows; none at all is fine."""
    if rows:
        tx.execute(statement, [dict(row) for row in rows])


def chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Yield `items` in pieces that fit into one statement."""
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]


def lock_workspace(tx: Connection, workspace_id: int) -> None:
    """Let one writer at a time work on this workspace's numbers (SQLite has one writer anyway)."""
    found = tx.execute(
        select(workspaces.c.id).where(workspaces.c.id == workspace_id).with_for_update(key_share=True)
    ).first()
    if found is None:
        raise NotFound(f"There is no workspace with the number {workspace_id}. Open one from the list.")
