"""Quality reports of versions: every measurement stays, the newest counts."""

import hashlib
from dataclasses import asdict
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, insert, select

from core.contracts import QualityReport
from core.storage.columns import from_json, now, to_json
from core.storage.schema import quality_reports

_REPORT = TypeAdapter(QualityReport)


def add(tx: Connection, version_id: int, report: QualityReport, actor_id: str) -> str:
    """Keep a report of `version_id` and return the sha256 of what is kept."""
    text = to_json(asdict(report) | {"created": report.created.isoformat()})
    row = {"version_id": version_id, "target": report.target, "report": text, "actor_id": actor_id, "created": now()}
    tx.execute(insert(quality_reports).values(row))
    return hashlib.sha256(text.encode()).hexdigest()


def get(tx: Connection, version_id: int, target: str) -> QualityReport | None:
    """Return the latest report of a version's answers for `target`, or None."""
    table = quality_reports.c
    query = select(table.report).where(table.version_id == version_id, table.target == target)
    text = tx.execute(query.order_by(table.id.desc()).limit(1)).scalar()
    if text is None:
        return None
    stored = from_json(text)
    return _REPORT.validate_python(stored | {"created": datetime.fromisoformat(stored["created"])})


def newest(tx: Connection, version_id: int, target: str) -> int:
    """Return the number of the latest report of a version's answers for `target`, 0 before the first."""
    table = quality_reports.c
    query = select(table.id).where(table.version_id == version_id, table.target == target)
    return tx.execute(query.order_by(table.id.desc()).limit(1)).scalar() or 0
