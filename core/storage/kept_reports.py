"""Measured reports of versions: every measurement stays, the newest counts."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Connection, Table, insert, select

from core.storage.columns import from_json, now, to_json


class Report(Protocol):
    """What every report says of itself; a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def target(self) -> str:
        """Of which answers it tells."""

    @property
    def created(self) -> datetime:
        """When it was measured."""


Kept = TypeVar("Kept", bound=Report)


@dataclass(frozen=True, slots=True)
class KeptReports(Generic[Kept]):
    """The reports of one table with the columns `version_id`, `target`, `report`, `actor_id` and `created`."""

    table: Table
    shape: TypeAdapter[Kept]

    def add(self, tx: Connection, version_id: int, report: Kept, actor_id: str) -> str:
        """Keep a report of `version_id` and return the sha256 of what is kept."""
        text = to_json(asdict(report) | {"created": report.created.isoformat()})
        row = {
            "version_id": version_id,
            "target": report.target,
            "report": text,
            "actor_id": actor_id,
            "created": now(),
        }
        tx.execute(insert(self.table).values(row))
        return hashlib.sha256(text.encode()).hexdigest()

    def get(self, tx: Connection, version_id: int, target: str) -> Kept | None:
        """Return the latest report of a version's answers for `target`, or None."""
        table = self.table.c
        query = select(table.report).where(table.version_id == version_id, table.target == target)
        text = tx.execute(query.order_by(table.id.desc()).limit(1)).scalar()
        if text is None:
            return None
        stored = from_json(text)
        return self.shape.validate_python(stored | {"created": datetime.fromisoformat(stored["created"])})

    def newest(self, tx: Connection, version_id: int, target: str) -> int:
        """Return the number of the latest report of a version's answers for `target`, 0 before the first."""
        table = self.table.c
        query = select(table.id).where(table.version_id == version_id, table.target == target)
        return tx.execute(query.order_by(table.id.desc()).limit(1)).scalar() or 0
