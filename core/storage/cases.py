"""Cases with their fields and attributes, read and written in sets."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, func, insert, select

from core.contracts import Case, FieldValue, NewCase, Split
from core.errors import NotFound
from core.storage import schema
from core.storage.columns import now
from core.storage.schema import case_attributes as attributes
from core.storage.schema import case_fields as fields
from core.storage.schema import reference_labels
from core.storage.statements import chunks, insert_all, lock_workspace


@dataclass(frozen=True, slots=True)
class AddedCases:
    """What an import did: new cases, equal ones, and names whose content differs from what is stored."""

    added: int
    unchanged: int
    conflicts: tuple[str, ...]
    names: tuple[str, ...] = ()
    """The new cases."""


def add_many(tx: Connection, workspace_id: int, revision_id: int, cases: Sequence[NewCase]) -> AddedCases:
    """Store the cases that are new, with their labels as reference labels of the data set.

    A name that exists with the same `content_hash` is unchanged; with another one it is a conflict and stays
    as it was.
    """
    lock_workspace(tx, workspace_id)
    table = schema.cases.c
    query = select(table.name, table.content_hash).where(table.workspace_id == workspace_id)
    known: dict[str, str] = {row.name: row.content_hash for row in tx.execute(query)}
    new, conflicts = [], []
    for case in cases:
        if case.name not in known:
            new.append(case)
            known[case.name] = case.content_hash
        elif known[case.name] != case.content_hash:
            conflicts.append(case.name)
    _insert(tx, workspace_id, revision_id, new)
    unchanged = len(cases) - len(new) - len(conflicts)
    return AddedCases(len(new), unchanged, tuple(conflicts), tuple(case.name for case in new))


def ids_by_name(tx: Connection, workspace_id: int) -> dict[str, int]:
    """Return name -> id of all cases of the workspace."""
    table = schema.cases.c
    query = select(table.name, table.id).where(table.workspace_id == workspace_id)
    return {row.name: row.id for row in tx.execute(query)}


def get(tx: Connection, workspace_id: int, name: str) -> Case:
    """Return one case.

    Raises
    ------
    NotFound
        When the workspace has no case of this name.
    """
    table = schema.cases.c
    found = _load(tx, (table.workspace_id == workspace_id) & (table.name == name))
    if not found:
        raise NotFound(f"There is no case {name!r} in this workspace. Open one from the worklist.")
    return found[0]


def lock(tx: Connection, case_id: int) -> None:
    """Let one writer at a time add to what people say of this case (SQLite has one writer anyway)."""
    tx.execute(select(schema.cases.c.id).where(schema.cases.c.id == case_id).with_for_update(key_share=True))


def by_ids(tx: Connection, ids: Iterable[int]) -> dict[int, Case]:
    """Return id -> case for the ids that exist."""
    found: dict[int, Case] = {}
    for some in chunks(sorted(set(ids))):
        found.update((case.id, case) for case in _load(tx, schema.cases.c.id.in_(some)))
    return found


def list_cases(tx: Connection, workspace_id: int, split: Split | None = None) -> tuple[Case, ...]:
    """Return all cases of the workspace (of one split, when given) in the order of their import."""
    where = schema.cases.c.workspace_id == workspace_id
    if split is not None:
        where = where & (schema.cases.c.split == split)
    return tuple(_load(tx, where))


def splits_of_groups(tx: Connection, workspace_id: int) -> dict[str, Split]:
    """Return group -> the split that its cases are in."""
    table = schema.cases.c
    query = select(table.group_name, table.split).where(table.workspace_id == workspace_id).distinct()
    return {row.group_name: row.split for row in tx.execute(query)}


def counts(tx: Connection, workspace_id: int) -> dict[str, int]:
    """Return split -> number of cases; splits without a case are absent."""
    table = schema.cases.c
    query = (
        select(table.split, func.count().label("cases")).where(table.workspace_id == workspace_id).group_by(table.split)
    )
    return {row.split: row.cases for row in tx.execute(query)}


def state_of_inputs(tx: Connection, workspace_id: int) -> tuple[int, int]:
    """Return how many inputs hold something, and the newest case that has one: it changes with what comes or goes."""
    something = fields.c.blob.is_not(None) | fields.c.number.is_not(None) | fields.c.text.is_not(None)
    columns = func.count(), func.coalesce(func.max(fields.c.case_id), 0)
    query = select(*columns).select_from(fields.join(schema.cases, schema.cases.c.id == fields.c.case_id))
    filled, newest = tx.execute(query.where(schema.cases.c.workspace_id == workspace_id, something)).one()
    return filled, newest


def _insert(tx: Connection, workspace_id: int, revision_id: int, new: Sequence[NewCase]) -> None:
    shared = {"workspace_id": workspace_id, "revision_id": revision_id, "created": now()}
    rows = [
        {
            **shared,
            "name": case.name,
            "group_name": case.group,
            "split": case.split,
            "content_hash": case.content_hash,
        }
        for case in new
    ]
    insert_all(tx, insert(schema.cases), rows)
    ids = ids_by_name(tx, workspace_id)
    for target, rows_of in ((fields, _field_rows), (attributes, _attribute_rows), (reference_labels, _label_rows)):
        insert_all(tx, insert(target), [row for case in new for row in rows_of(ids[case.name], case)])


def _field_rows(case_id: int, case: NewCase) -> list[dict[str, object]]:
    return [
        {
            "case_id": case_id,
            "position": position,
            "field": value.field,
            "blob": value.blob,
            "number": value.number,
            "text": value.text,
        }
        for position, value in enumerate(case.fields)
    ]


def _attribute_rows(case_id: int, case: NewCase) -> list[dict[str, object]]:
    return [{"case_id": case_id, "attribute": name, "value": value} for name, value in case.attributes.items()]


def _label_rows(case_id: int, case: NewCase) -> list[dict[str, object]]:
    shared = {"case_id": case_id, "source": "data set", "revision": 1, "created": now()}
    return [{**shared, "target": target, "label": label} for target, label in case.labels.items()]


def _load(tx: Connection, where: ColumnElement[bool]) -> list[Case]:
    table = schema.cases
    columns = [table.c[name] for name in ("id", "name", "group_name", "split", "content_hash", "created")]
    values, properties = _values(tx, where), _properties(tx, where)
    return [
        Case(
            number, name, group, split, tuple(values.get(number, ())), properties.get(number, {}), content_hash, created
        )
        for number, name, group, split, content_hash, created in tx.execute(
            select(*columns).where(where).order_by(table.c.id)
        )
    ]


def _values(tx: Connection, where: ColumnElement[bool]) -> dict[int, list[FieldValue]]:
    columns = [fields.c[name] for name in ("case_id", "field", "blob", "number", "text")]
    query = select(*columns).join(schema.cases, schema.cases.c.id == fields.c.case_id).where(where)
    found: dict[int, list[FieldValue]] = defaultdict(list)
    for number, *value in tx.execute(query.order_by(fields.c.case_id, fields.c.position)):
        found[number].append(FieldValue(*value))
    return found


def _properties(tx: Connection, where: ColumnElement[bool]) -> dict[int, dict[str, str]]:
    query = select(attributes.c.case_id, attributes.c.attribute, attributes.c.value)
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for number, name, value in tx.execute(query.join(schema.cases).where(where).order_by(attributes.c.case_id)):
        found[number][name] = value
    return found
