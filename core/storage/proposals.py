"""Proposed marks that spread an artefact to other cases, and what people decided on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from core.contracts import Job, NewRegion, ProposalStatus, Region
from core.errors import NotFound
from core.storage import jobs, schema
from core.storage.columns import from_json, now, to_json
from core.storage.statements import chunks, insert_all

_TABLE = schema.proposals


@dataclass(frozen=True, slots=True)
class NewProposal:
    """A find of a search."""

    case_id: int
    probability: float
    mark: NewRegion


@dataclass(frozen=True, slots=True)
class StoredProposal:
    """A proposal as it stands."""

    id: int
    case_id: int
    probability: float
    mark: NewRegion
    status: ProposalStatus
    decision: int | None
    """Number of the act that decided on it; negative where many were decided together, by their probability."""

    @property
    def seen(self) -> bool:
        """Whether a person decided on it by eye."""
        return self.decision is not None and self.decision > 0

    @property
    def region(self) -> Region:
        """The proposal as a mark. Its number is negative, for marks of verdicts are numbered apart."""
        return Region(-self.id, self.case_id, None, "", self.mark)


def replace_open(tx: Connection, artefact_id: int, search_id: int, found: Sequence[NewProposal]) -> None:
    """Store what a search found in place of the open proposals of earlier ones; decided ones stay."""
    tx.execute(delete(_TABLE).where(_TABLE.c.artefact_id == artefact_id, _TABLE.c.status == "open"))
    created = now()
    rows = [
        {
            "artefact_id": artefact_id,
            "case_id": item.case_id,
            "field": item.mark.field,
            "mask": item.mark.mask,
            "names": to_json(item.mark.names),
            "spans": to_json(item.mark.spans),
            "probability": item.probability,
            "status": "open",
            "search_id": search_id,
            "created": created,
        }
        for item in found
    ]
    insert_all(tx, insert(_TABLE), rows)


def list_proposals(tx: Connection, artefact_id: int) -> tuple[StoredProposal, ...]:
    """Return all proposals of an artefact, surest first."""
    query = _query().where(_TABLE.c.artefact_id == artefact_id).order_by(_TABLE.c.probability.desc(), _TABLE.c.id)
    return tuple(
        StoredProposal(row.id, row.case_id, row.probability, _mark(row), row.status, row.decision)
        for row in tx.execute(query)
    )


def decide(
    tx: Connection, artefact_id: int, ids: Sequence[int], status: ProposalStatus, actor_id: str, decision: int
) -> None:
    """Accept or reject proposals; `decision` is the number of the act (`next_decision`), negative if by probability.

    Raises
    ------
    NotFound
        When one is not a proposal of the artefact.
    """
    values = {"status": status, "decided": now(), "decision": decision, "actor_id": actor_id}
    for some in chunks(sorted(set(ids))):
        own = (_TABLE.c.artefact_id == artefact_id) & _TABLE.c.id.in_(some)
        if tx.execute(update(_TABLE).where(own).values(values)).rowcount != len(some):
            raise NotFound("A proposal is gone: a new search replaced it. Look at the proposals again.")


def next_decision(tx: Connection, artefact_id: int) -> int:
    """Return the number of the next act on an artefact's proposals, from 1."""
    query = select(func.max(func.abs(_TABLE.c.decision))).where(_TABLE.c.artefact_id == artefact_id)
    return int(tx.execute(query).scalar() or 0) + 1


def reopen_last(tx: Connection, artefact_id: int) -> int:
    """Undo the last act; return how many proposals are open again."""
    last = next_decision(tx, artefact_id) - 1
    this = (_TABLE.c.artefact_id == artefact_id) & (func.abs(_TABLE.c.decision) == last)
    values = {"status": "open", "decided": None, "decision": None, "actor_id": None}
    return int(tx.execute(update(_TABLE).where(this).values(values)).rowcount)


def accepted(tx: Connection, workspace_id: int, until: datetime | None = None) -> tuple[Region, ...]:
    """Return the accepted proposals of a workspace as *ignore* marks of who accepted them, oldest first.

    With `until`, only those that had been accepted by then.
    """
    query = _query().where(schema.artefacts.c.workspace_id == workspace_id, _TABLE.c.status == "accepted")
    if until is not None:
        query = query.where(_TABLE.c.decided <= until)
    found = tx.execute(query.order_by(_TABLE.c.id))
    return tuple(Region(-row.id, row.case_id, None, row.actor_id, _mark(row)) for row in found)


def searches(tx: Connection, workspace: str, artefact_id: int) -> tuple[Job | None, Job | None]:
    """Return the newest search for an artefact, and the newest that has been carried out."""
    table = schema.jobs
    every = select(func.max(table.c.id)).where(table.c.workspace == workspace, table.c.key == search_key(artefact_id))
    newest, done = (tx.execute(query).scalar() for query in (every, every.where(table.c.status == "done")))
    return jobs.get(tx, newest) if newest else None, jobs.get(tx, done) if done else None


def search_key(artefact_id: int) -> str:
    """Return the key that makes a second search, asked for while one is under way, the same."""
    return f"spread:{artefact_id}"


def _query() -> Any:
    return select(_TABLE, schema.artefacts.c.name.label("artefact")).join(
        schema.artefacts, schema.artefacts.c.id == _TABLE.c.artefact_id
    )


def _mark(row: Row[Any]) -> NewRegion:
    return NewRegion(
        field=row.field,
        kind="ignore",
        artefact=row.artefact,
        mask=row.mask,
        names=tuple(from_json(row.names)),
        spans=tuple((start, end) for start, end in from_json(row.spans)),
    )
