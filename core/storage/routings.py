"""Where the champion's answers went: to people, or decided by the model itself, with all reasons."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, delete, false, func, or_, select

from core.contracts import Deferral
from core.storage.columns import from_json, now, to_json
from core.storage.regions import standing_ids
from core.storage.schema import cases, reads, routings, verdicts, versions, workspaces
from core.storage.statements import insert_all, insert_or_update
from core.storage.suspensions import is_suspended


@dataclass(frozen=True, slots=True)
class Routed:
    """What became of one answer of a version."""

    case_id: int
    target: str
    label: str
    """The version's own label."""
    accepted: bool
    """Whether no rule left it to people."""
    automatic: bool
    """Whether the model decided it, so that nobody needs to read the case."""
    deferrals: tuple[Deferral, ...] = ()
    created: datetime = field(default_factory=now)


def put(tx: Connection, version_id: int, rows: Iterable[Routed]) -> None:
    """Keep routings of a version; an earlier one of the same case and target is replaced, unless it was automatic."""
    statement = insert_or_update(
        tx, routings, ["case_id", "version_id", "target"], only_where=routings.c.automatic.is_(False)
    )
    insert_all(tx, statement, [_row(version_id, row) for row in rows])


def of_version(tx: Connection, version_id: int) -> dict[int, tuple[Routed, ...]]:
    """Return case id -> what became of the version's answers, one a target."""
    return _by_case(tx, _query().where(routings.c.version_id == version_id))


def deferred(tx: Connection, version_id: int) -> dict[int, tuple[Deferral, ...]]:
    """Return case id -> all reasons, for the cases that the version left to people; the main reason first."""
    query = _query().where(routings.c.version_id == version_id, routings.c.accepted.is_(False))
    return {
        case_id: tuple(reason for row in rows for reason in row.deferrals)
        for case_id, rows in _by_case(tx, query).items()
    }


def decided(tx: Connection, workspace_id: int) -> frozenset[int]:
    """Return the cases that the model decided by itself, by any version: none while it is suspended.

    Nobody needs to read these; while the model is suspended they wait for people again.
    """
    if is_suspended(tx, workspace_id):
        return frozenset()
    query = _automatic(select(routings.c.case_id).distinct(), workspace_id)
    return frozenset(tx.execute(query).scalars())


def labels_given(tx: Connection, version_id: int, labels: Sequence[tuple[str, str]]) -> frozenset[int]:
    """Return the cases that the version gives one of these (target, label)."""
    query = select(routings.c.case_id).where(routings.c.version_id == version_id, _one_of(routings, labels))
    return frozenset(tx.execute(query).scalars())


def labels_by_people(tx: Connection, workspace_id: int, labels: Sequence[tuple[str, str]]) -> frozenset[int]:
    """Return the cases to which a read or a standing verdict gives one of these (target, label)."""
    said = select(verdicts.c.case_id).where(verdicts.c.id.in_(standing_ids(workspace_id)), _one_of(verdicts, labels))
    read = (
        select(reads.c.case_id)
        .join(cases, cases.c.id == reads.c.case_id)
        .where(cases.c.workspace_id == workspace_id, _one_of(reads, labels))
    )
    return frozenset((*tx.execute(said).scalars(), *tx.execute(read).scalars()))


def automatic_since(tx: Connection, workspace_id: int, since: datetime) -> int:
    """Return how many answers the model decided by itself since a moment."""
    query = _automatic(select(func.count()), workspace_id).where(routings.c.created >= since)
    return int(tx.execute(query).scalar_one())


@dataclass(frozen=True, slots=True)
class Tally:
    """How the answers of the versions that serve were routed, of all workspaces."""

    cases: tuple[tuple[str, str, int], ...]
    """(workspace, `accepted` or `deferred`, answers) of the champion."""
    automatic: tuple[tuple[str, int], ...]
    """(workspace, answers that any version decided by itself)"""
    reasons: tuple[tuple[str, str, int], ...]
    """(workspace, main reason, answers) of the champion."""


def tally(tx: Connection) -> Tally:
    """Return the counts as they stand."""
    serving = (
        select(workspaces.c.name, routings.c.accepted, routings.c.reasons)
        .select_from(routings.join(versions, versions.c.id == routings.c.version_id))
        .join(workspaces, workspaces.c.id == versions.c.workspace_id)
        .where(versions.c.status == "champion")
    )
    routed, reasons = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for name, accepted, why in tx.execute(serving):
        routed[name, "accepted" if accepted else "deferred"] += 1
        if not accepted:
            reasons[name, str(from_json(why)[0]["reason"])] += 1
    automatic = (
        select(workspaces.c.name, func.count())
        .select_from(routings.join(versions, versions.c.id == routings.c.version_id))
        .join(workspaces, workspaces.c.id == versions.c.workspace_id)
        .where(routings.c.automatic)
        .group_by(workspaces.c.name)
    )
    return Tally(
        tuple((*key, count) for key, count in sorted(routed.items())),
        tuple(sorted((name, count) for name, count in tx.execute(automatic))),
        tuple((*key, count) for key, count in sorted(reasons.items())),
    )


def touched(tx: Connection, workspace_id: int) -> frozenset[int]:
    """Return the cases that anybody has read or judged: the model does not decide these by itself."""
    read = (
        select(reads.c.case_id).join(cases, cases.c.id == reads.c.case_id).where(cases.c.workspace_id == workspace_id)
    )
    said = select(verdicts.c.case_id).where(verdicts.c.id.in_(standing_ids(workspace_id)))
    return frozenset((*tx.execute(read).scalars(), *tx.execute(said).scalars()))


def forget(tx: Connection, version_id: int) -> None:
    """Drop what is kept of a version's answers but for what it decided by itself: they are to be judged anew."""
    tx.execute(delete(routings).where(routings.c.version_id == version_id, routings.c.automatic.is_(False)))


def _one_of(table: Table, labels: Sequence[tuple[str, str]]) -> ColumnElement[bool]:
    """Return whether a row has one of these (target, label)."""
    return or_(false(), *(and_(table.c.target == target, table.c.label == label) for target, label in labels))


def _automatic(query: Select[Any], workspace_id: int) -> Select[Any]:
    joined = query.select_from(routings.join(cases, cases.c.id == routings.c.case_id))
    return joined.where(cases.c.workspace_id == workspace_id, routings.c.automatic)


def _query() -> Select[Any]:
    table = routings.c
    columns = (table.case_id, table.target, table.label, table.accepted, table.automatic, table.reasons, table.created)
    return select(*columns).order_by(table.case_id, table.id)


def _by_case(tx: Connection, query: Select[Any]) -> dict[int, tuple[Routed, ...]]:
    found: dict[int, list[Routed]] = defaultdict(list)
    for case_id, target, label, accepted, automatic, reasons, created in tx.execute(query):
        why = tuple(Deferral(**reason) for reason in from_json(reasons))
        found[case_id].append(Routed(case_id, target, label, accepted, automatic, why, created))
    return {case_id: tuple(rows) for case_id, rows in found.items()}


def _row(version_id: int, row: Routed) -> dict[str, object]:
    return {
        "case_id": row.case_id,
        "version_id": version_id,
        "target": row.target,
        "label": row.label,
        "accepted": row.accepted,
        "automatic": row.automatic,
        "reasons": to_json([asdict(reason) for reason in row.deferrals]),
        "created": row.created,
    }
