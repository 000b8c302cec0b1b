"""Gate reports: every measurement of a candidate stays."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, func, insert, select

from core.contracts import ArtefactProof, ChangedCase, Check, Estimate, GateReport, PriceLine, Proof, ProofLine
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


def of_workspace(tx: Connection, workspace_id: int) -> dict[str, GateReport]:
    """Return version name -> its latest report, the oldest version first."""
    table = gate_reports.c
    newest = select(func.max(table.id)).group_by(table.version_id)
    query = (
        select(versions.c.name, table.report)
        .join(versions, versions.c.id == table.version_id)
        .where(versions.c.workspace_id == workspace_id, table.id.in_(newest))
        .order_by(versions.c.id)
    )
    return {row.name: _report(row.report) for row in tx.execute(query)}


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
    stored["proof"] = _proof(stored.get("proof"))
    return GateReport(**stored)


Stored = Mapping[str, Any]
"""A JSON object as it was kept."""


def _proof(stored: Stored | None) -> Proof | None:
    """Return a proof; None for a report of before there was one."""
    if stored is None:
        return None
    artefacts = tuple(_artefact(one) for one in stored["artefacts"])
    price = tuple(PriceLine(**_figures(line)) for line in stored["price"])
    return Proof(**{**stored, "artefacts": artefacts, "price": price})


def _artefact(stored: Stored) -> ArtefactProof:
    lines = tuple(ProofLine(**_figures(line)) for line in stored["lines"])
    return ArtefactProof(**{**stored, "lines": lines, "next_steps": tuple(stored["next_steps"])})


def _figures(stored: Stored) -> dict[str, Any]:
    """Return the parts of a line, its figures as estimates."""
    return {name: Estimate(**value) if isinstance(value, dict) else value for name, value in stored.items()}
