"""Reference labels: what training and gate use, with where each came from."""

from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from core.contracts import LabelSource, ReferenceLabel
from core.storage.columns import now
from core.storage.schema import cases, reference_labels

NO_LABEL = ""
"""A revision with this label takes the reference label away."""


def set_reference(
    tx: Connection, case_id: int, target: str, label: str, source: LabelSource, verdict_id: int | None = None
) -> ReferenceLabel:
    """Append a revision of the reference label; the earlier ones stay on record."""
    tx.execute(select(cases.c.id).where(cases.c.id == case_id).with_for_update(key_share=True))  # one reviser at a time
    table = reference_labels.c
    last = select(func.coalesce(func.max(table.revision), 0)).where(table.case_id == case_id, table.target == target)
    revision = tx.execute(last).scalar_one() + 1
    row = {
        "case_id": case_id,
        "target": target,
        "label": label,
        "source": source,
        "verdict_id": verdict_id,
        "revision": revision,
        "created": now(),
    }
    tx.execute(insert(reference_labels).values(row))
    return ReferenceLabel(case_id, target, label, source, revision)


def references(
    tx: Connection, workspace_id: int, target: str, case_id: int | None = None, until: datetime | None = None
) -> dict[int, ReferenceLabel]:
    """Return case id -> current reference label (of one case, when given); cases without one are absent.

    With `until`, the labels as they stood at that moment.
    """
    table = reference_labels.c
    query = (
        select(table.case_id, table.target, table.label, table.source, table.revision)
        .join(cases, cases.c.id == table.case_id)
        .where(cases.c.workspace_id == workspace_id, table.target == target)
        .order_by(table.case_id, table.revision)
    )
    if case_id is not None:
        query = query.where(table.case_id == case_id)
    if until is not None:
        query = query.where(table.created <= until)
    current = {row.case_id: ReferenceLabel(*row) for row in tx.execute(query)}
    return {number: reference for number, reference in current.items() if reference.label != NO_LABEL}


def of_data_set(tx: Connection, workspace_id: int, target: str) -> dict[int, str]:
    """Return case id -> the label that the case came with; cases that came without one are absent."""
    table = reference_labels.c
    query = (
        select(table.case_id, table.label)
        .join(cases, cases.c.id == table.case_id)
        .where(cases.c.workspace_id == workspace_id, table.target == target)
        .where(table.source == "data set", table.label != NO_LABEL)
        .order_by(table.case_id, table.revision)
    )
    found: dict[int, str] = {}
    for row in tx.execute(query):
        found.setdefault(row.case_id, row.label)
    return found


def newest(tx: Connection, workspace_id: int) -> int:
    """Return the number of the workspace's latest revision of a reference label, 0 before the first."""
    query = select(func.max(reference_labels.c.id)).join(cases, cases.c.id == reference_labels.c.case_id)
    return tx.execute(query.where(cases.c.workspace_id == workspace_id)).scalar() or 0


def restore_data_set(tx: Connection, case_id: int, target: str) -> ReferenceLabel:
    """Append a revision with the data set's own label again, for when every verdict was withdrawn.

    Where the data set has none, the case is without a reference label again.
    """
    table = reference_labels.c
    query = (
        select(table.label)
        .where(table.case_id == case_id, table.target == target, table.source == "data set")
        .order_by(table.revision)
        .limit(1)
    )
    return set_reference(tx, case_id, target, tx.execute(query).scalar() or NO_LABEL, "data set")


def settled(tx: Connection, workspace_id: int, target: str, since: datetime) -> dict[int, tuple[str, datetime]]:
    """Return case id -> (current label, when people first settled it), for the cases first settled after `since`.

    In the order in which they were settled.
    """
    table = reference_labels.c
    query = (
        select(table.case_id, table.label, table.source, table.created)
        .join(cases, cases.c.id == table.case_id)
        .where(cases.c.workspace_id == workspace_id, table.target == target)
        .order_by(table.case_id, table.revision)
    )
    first: dict[int, datetime] = {}
    current: dict[int, str] = {}
    for row in tx.execute(query):
        if row.source != "data set":
            first.setdefault(row.case_id, row.created)
        current[row.case_id] = NO_LABEL if row.source == "data set" else row.label
    in_order = sorted((moment, case) for case, moment in first.items() if moment > since and current[case] != NO_LABEL)
    return {case: (current[case], moment) for moment, case in in_order}
