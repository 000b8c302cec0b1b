"""Verdicts: what a person says after the model was revealed. Appended; the newest of its actor counts."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from core.contracts import NewVerdict, Region, Verdict
from core.errors import Conflict, NotFound
from core.storage import payloads, regions, schema
from core.storage.columns import now
from core.storage.schema import cases, versions
from core.storage.statements import insert_new


def add(tx: Connection, verdict: NewVerdict) -> Verdict:
    """Append a verdict with its regions; its comment goes where it can be erased.

    A second one with the same `idempotency_key` changes nothing and returns the stored one.

    Raises
    ------
    Conflict
        When the key was used for another case, target or actor.
    NotFound
        When the workspace of the case has no such version.
    """
    row = {
        "case_id": verdict.case_id,
        "target": verdict.target,
        "actor_id": verdict.actor_id,
        "label": verdict.label,
        "stance": verdict.stance,
        "confidence": verdict.confidence,
        "version_id": _version_id(tx, verdict),
        "shown": verdict.shown,
        "read_id": verdict.read_id,
        "idempotency_key": verdict.idempotency_key,
        "created": now(),
    }
    insert = insert_new(tx, schema.verdicts, ["idempotency_key"]).values(row).returning(schema.verdicts.c.id)
    verdict_id = tx.execute(insert).scalar()
    if verdict_id is None:
        return _same_key(tx, verdict)
    if verdict.comment:
        payloads.add(tx, verdict.comment.encode(), case_id=verdict.case_id, verdict_id=verdict_id)
    regions.add(tx, verdict.case_id, verdict_id, verdict.regions)
    return _load(tx, schema.verdicts.c.id == verdict_id)[0]


def current(tx: Connection, case_id: int, target: str, actor_id: str) -> Verdict | None:
    """Return the newest verdict of this actor, or None when there is none or it was withdrawn."""
    history_ids = select(func.max(schema.verdicts.c.id)).where(_of(case_id, target, actor_id)).scalar_subquery()
    found = _load(tx, schema.verdicts.c.id == history_ids)
    return found[0] if found and found[0].stance != "withdrawn" else None


def history(tx: Connection, case_id: int, target: str, actor_id: str) -> tuple[Verdict, ...]:
    """Return all verdicts of this actor, oldest first, superseded and withdrawn ones included."""
    return tuple(_load(tx, _of(case_id, target, actor_id)))


def standing(
    tx: Connection, workspace_id: int, target: str | None = None, case_id: int | None = None
) -> tuple[Verdict, ...]:
    """Return the newest verdict per case, target and actor, oldest first; withdrawn ones are left out.

    So are those that only taught their person: an answer that was wrong on purpose had been shown. `target` and
    `case_id` narrow it down; asking for one case is quick however many there are.
    """
    chosen = regions.standing_ids(workspace_id, case_id)
    where: ColumnElement[bool] = schema.verdicts.c.id.in_(chosen)
    if target is not None:
        where = where & (schema.verdicts.c.target == target)
    return tuple(_load(tx, where))


def answered(tx: Connection, workspace_id: int) -> dict[tuple[int, str], set[str]]:
    """Return (case id, actor id) -> the targets that this actor has a standing verdict on, whatever had been shown."""
    table, found = schema.verdicts.c, defaultdict[tuple[int, str], set[str]](set)
    chosen = regions.standing_ids(workspace_id, trained=True)
    query = select(table.case_id, table.actor_id, table.target).where(table.id.in_(chosen))
    for case_id, actor_id, target in tx.execute(query):
        found[case_id, actor_id].add(target)
    return found


def shared(tx: Connection, workspace_id: int) -> dict[tuple[int, str], tuple[int, ...]]:
    """Return (case id, target) -> numbers of the standing verdicts, where several people gave one."""
    table, found = schema.verdicts.c, defaultdict[tuple[int, str], list[int]](list)
    query = select(table.case_id, table.target, table.id).where(table.id.in_(regions.standing_ids(workspace_id)))
    for case_id, target, number in tx.execute(query.order_by(table.id)):
        found[case_id, target].append(number)
    return {key: tuple(numbers) for key, numbers in found.items() if len(numbers) > 1}


def ever_answered(tx: Connection, case_id: int, actor_id: str) -> frozenset[str]:
    """Return the targets of a case that this actor ever gave a verdict on, taken back or not."""
    table = schema.verdicts.c
    query = select(table.target).where(table.case_id == case_id, table.actor_id == actor_id).distinct()
    return frozenset(tx.execute(query).scalars())


def key_is_used(tx: Connection, key: str | None) -> bool:
    """Return whether a verdict with this idempotency key is stored."""
    query = select(schema.verdicts.c.id).where(schema.verdicts.c.idempotency_key == key)
    return key is not None and tx.execute(query).first() is not None


def by_ids(tx: Connection, ids: Iterable[int]) -> tuple[Verdict, ...]:
    """Return these verdicts, oldest first, whether or not they still stand."""
    wanted = sorted(set(ids))
    return tuple(_load(tx, schema.verdicts.c.id.in_(wanted))) if wanted else ()


def _of(case_id: int, target: str, actor_id: str) -> ColumnElement[bool]:
    table = schema.verdicts.c
    return (table.case_id == case_id) & (table.target == target) & (table.actor_id == actor_id)


def _version_id(tx: Connection, verdict: NewVerdict) -> int | None:
    if verdict.version is None:
        return None
    query = (
        select(versions.c.id)
        .join(cases, cases.c.workspace_id == versions.c.workspace_id)
        .where(cases.c.id == verdict.case_id, versions.c.name == verdict.version)
    )
    version_id = tx.execute(query).scalar()
    if version_id is None:
        raise NotFound(f"There is no version {verdict.version!r} in this workspace. Open the case again.")
    return int(version_id)


def _same_key(tx: Connection, verdict: NewVerdict) -> Verdict:
    stored = _load(tx, schema.verdicts.c.idempotency_key == verdict.idempotency_key)[0]
    if (stored.case_id, stored.target, stored.actor_id) != (verdict.case_id, verdict.target, verdict.actor_id):
        raise Conflict(
            f"The idempotency key {verdict.idempotency_key!r} was already used for another verdict. Send a new key."
        )
    return stored


def _load(tx: Connection, where: ColumnElement[bool]) -> list[Verdict]:
    table = schema.verdicts
    query: Select[Any] = (
        select(table, versions.c.name.label("version"), schema.payloads.c.content)
        .outerjoin(versions, versions.c.id == table.c.version_id)
        .outerjoin(schema.payloads, schema.payloads.c.verdict_id == table.c.id)
        .where(where)
        .order_by(table.c.id)
    )
    marks: dict[int, list[Region]] = regions.of_verdicts(tx, select(table.c.id).where(where))
    return [
        Verdict(
            id=row.id,
            case_id=row.case_id,
            target=row.target,
            actor_id=row.actor_id,
            label=row.label,
            stance=row.stance,
            confidence=row.confidence,
            version=row.version,
            shown=row.shown,
            comment=(row.content or b"").decode(),
            created=row.created,
            regions=tuple(marks.get(row.id, ())),
        )
        for row in tx.execute(query)
    ]
