"""What leads decided where readers differ. Appended; the newest of a case and target counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from core.storage import schema
from core.storage.columns import from_json, now, to_json
from core.storage.schema import cases


@dataclass(frozen=True, slots=True)
class Adjudicated:
    """One decision of a lead."""

    id: int
    case_id: int
    target: str
    label: str
    verdict_ids: tuple[int, ...]
    """The verdicts that stood at the time."""
    actor_id: str
    created: datetime


def add(
    tx: Connection, case_id: int, target: str, label: str, verdict_ids: Sequence[int], actor_id: str
) -> Adjudicated:
    """Append a decision."""
    created = now()
    row = {
        "case_id": case_id,
        "target": target,
        "label": label,
        "verdict_ids": to_json(list(verdict_ids)),
        "actor_id": actor_id,
        "created": created,
    }
    number = tx.execute(insert(schema.adjudications).values(row).returning(schema.adjudications.c.id)).scalar_one()
    return Adjudicated(number, case_id, target, label, tuple(verdict_ids), actor_id, created)


def latest(tx: Connection, workspace_id: int) -> dict[tuple[int, str], Adjudicated]:
    """Return (case, target) -> the newest decision, in the order in which they were taken."""
    table = schema.adjudications.c
    columns = [table[name] for name in Adjudicated.__dataclass_fields__]
    query = select(*columns).join(cases, cases.c.id == table.case_id).where(cases.c.workspace_id == workspace_id)
    found: dict[tuple[int, str], Adjudicated] = {}
    for row in tx.execute(query.order_by(table.id)):
        found.pop((row.case_id, row.target), None)
        found[row.case_id, row.target] = Adjudicated(
            row.id, row.case_id, row.target, row.label, tuple(from_json(row.verdict_ids)), row.actor_id, row.created
        )
    return found
