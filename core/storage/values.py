"""The values of one table field over the cases that train a workspace's model: one query each."""

from sqlalchemy import Connection, Select, and_, func, select

from core.storage.schema import case_fields as fields
from core.storage.schema import cases

TRAINING = ("train", "validation")


def numbers(tx: Connection, workspace_id: int, field: str) -> tuple[float | None, ...]:
    """Return the number of each training case, None where it is missing."""
    query = _of_training(select(fields.c.number), workspace_id, field)
    return tuple(row.number for row in tx.execute(query))


def categories(tx: Connection, workspace_id: int, field: str) -> dict[str | None, int]:
    """Return category -> number of training cases that have it; None counts those whose value is missing."""
    query = _of_training(select(fields.c.text, func.count().label("cases")), workspace_id, field)
    return {row.text: row.cases for row in tx.execute(query.group_by(fields.c.text))}


def _of_training(query: Select[tuple[object, ...]], workspace_id: int, field: str) -> Select[tuple[object, ...]]:
    own = and_(fields.c.case_id == cases.c.id, fields.c.field == field)
    joined = query.select_from(cases.outerjoin(fields, own))
    return joined.where(cases.c.workspace_id == workspace_id, cases.c.split.in_(TRAINING))
