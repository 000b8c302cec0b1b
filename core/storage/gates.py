"""Gate reports: every measurement of a candidate stays."""

from dataclasses import asdict

from sqlalchemy import Connection, func, insert, select

from core.contracts import ChangedCase, Check, GateReport
from core.storage.columns import from_json, now, to_json
from core.storage.schema import gate_reports, versions


def add(tx: Connection, version_id: int, champion_id: int | None, report: GateReport) -> None:
    """Keep a report of `version_id` measured against `champion_id`."""
    row = {
        "version_id": version_id,
        "champion_id": champion_id,
        "ledger_hash": report.ledger_hash,
        "verdict": report.verdict,
        "report": to_json(asdict(report)),
        "created": now(),
    }
    tx.execute(insert(gate_reports).values(row))


def get(tx: Connection, version_id: int) -> GateReport | None:
    """Return the latest report of a version."""
    table = gate_reports.c
    query = select(table.report).where(table.version_id == version_id).order_by(table.id.desc()).limit(1)
    text = tx.execute(query).scalar()
    return None if text is None else _report(text)


def judged(tx: Connection, workspace_id: int, ledger_hash: str, version: str) -> int:
    """Return how many different versions this ledger has judged, `version` included (measured already or not)."""
    table = gate_reports.c
    query = (
        select(func.count(table.version_id.distinct()))
        .join(versions, versions.c.id == table.version_id)
        .where(versions.c.workspace_id == workspace_id, table.ledger_hash == ledger_hash, versions.c.name != version)
    )
    return int(tx.execute(query).scalar_one()) + 1


def _report(text: str) -> GateReport:
    stored = from_json(text)
    stored["checks"] = tuple(Check(**check) for check in stored["checks"])
    stored["changed"] = tuple(ChangedCase(**case) for case in stored["changed"])
    return GateReport(**stored)
