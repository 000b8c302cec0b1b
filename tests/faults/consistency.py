"""What must hold in a home at every moment, whatever was killed: read past the services, from the tables and files."""

import hashlib
import json
from collections.abc import Iterator

from core.settings import load_settings
from core.storage.audit_check import verify
from core.storage.database import open_database
from tests.faults.desk import Desk

UNFINISHED = ("queued", "running")


def problems(desk: Desk) -> list[str]:
    """Return what is inconsistent in words; empty when all is well."""
    checks = (_database, _champions, _versions, _runs, _gates, _training, _record)
    return [problem for check in checks for problem in check(desk)]


def damaged_files(desk: Desk) -> list[str]:
    """Return stored files whose content does not match their name; temporary ones have names that start with a dot."""
    whole = [path for path in (desk.home / "blobs").glob("??/*") if not path.name.startswith(".")]
    return [str(p) for p in whole if hashlib.sha256(p.read_bytes()).hexdigest() != p.parent.name + p.name]


def _database(desk: Desk) -> Iterator[str]:
    if "TANDEM_DATABASE_URL" in desk.settings:
        return
    if (found := desk.rows("PRAGMA integrity_check")) != [("ok",)]:
        yield f"integrity: {found}"
    if found := desk.rows("PRAGMA foreign_key_check"):
        yield f"foreign keys: {found}"


def _champions(desk: Desk) -> Iterator[str]:
    """Exactly one version serves, the one that the last decision put there."""
    for workspace, name in desk.rows("SELECT id, name FROM workspaces"):
        served = desk.rows("SELECT name FROM versions WHERE workspace_id = ? AND status = 'champion'", workspace)
        decided = desk.rows(
            "SELECT v.name FROM decisions d JOIN versions v ON v.id = d.version_id WHERE d.workspace_id = ?"
            " AND d.kind <> 'reject' ORDER BY d.id DESC LIMIT 1",
            workspace,
        )
        if len(served) != 1 or served != decided:
            yield f"{name}: {served} serve, the last decision was for {decided}"


def _versions(desk: Desk) -> Iterator[str]:
    """Every version has its files, its run and its event, and a status that its decisions explain."""
    for number, name, status, weights, manifest, run in desk.rows(
        "SELECT id, name, status, weights, manifest, run_id FROM versions"
    ):
        for blob in (weights, manifest):
            path = desk.home / "blobs" / blob[:2] / blob[2:]
            if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != blob:
                yield f"{name}: its file {blob[:12]} is missing or damaged"
        if desk.rows("SELECT status, version FROM runs WHERE id = ?", run) != [("done", name)]:
            yield f"{name}: run {run} does not say that it delivered it"
        kinds = {kind for (kind,) in desk.rows("SELECT kind FROM decisions WHERE version_id = ?", number)}
        wanted = {"candidate": set(), "rejected": {"reject"}}.get(status)
        if (kinds != wanted) if wanted is not None else not kinds & {"promote", "rollback"}:
            yield f"{name}: is {status}, decisions on it: {sorted(kinds)}"
    if desk.rows("SELECT run_id FROM versions GROUP BY run_id HAVING count(*) > 1"):
        yield "a run delivered two versions"


def _runs(desk: Desk) -> Iterator[str]:
    """A run stands as its job stands; one that is done has a version."""
    for run, status, version, job in desk.rows(
        "SELECT r.id, r.status, r.version, j.status FROM runs r JOIN jobs j ON j.id = r.job_id"
    ):
        if (status in UNFINISHED) != (job in UNFINISHED) or (status not in UNFINISHED and status != job):
            yield f"run {run} is {status}, its job is {job}"
        if (status == "done") != (version is not None):
            yield f"run {run} is {status} with version {version}"


def _gates(desk: Desk) -> Iterator[str]:
    """A retrained version has a gate job; a gate job that is done left exactly one report."""
    retrained = desk.rows("SELECT v.id, v.name FROM versions v JOIN runs r ON r.id = v.run_id AND r.kind = 'retrain'")
    gates = desk.rows("SELECT status, payload FROM jobs WHERE kind = 'gate'")
    for number, name in retrained:
        jobs = [status for status, payload in gates if json.loads(payload)["version"] == name]
        reports = desk.rows("SELECT count(*) FROM gate_reports WHERE version_id = ?", number)[0][0]
        if not jobs or reports != jobs.count("done"):
            yield f"{name}: gate jobs {jobs}, {reports} reports"


def _training(desk: Desk) -> Iterator[str]:
    held_out = "SELECT count(*) FROM training_cases t JOIN cases c ON c.id = t.case_id WHERE c.split IN (?, ?)"
    if count := desk.rows(held_out, "ledger", "calibration")[0][0]:
        yield f"{count} cases that judge models have trained one"


def _record(desk: Desk) -> Iterator[str]:
    """The chain verifies, and has one event for each thing that happened."""
    database = open_database(load_settings(desk.environment))
    try:
        checked = verify(database, database.head_path)
    finally:
        database.close()
    if not checked.ok:
        yield f"audit: {checked.problem}"
    for table, kinds in (
        ("versions", ("version",)),
        ("decisions", ("promote", "reject", "rollback")),
        ("verdicts", ("verdict", "undo")),
        ("reads", ("read",)),
        ("gate_reports", ("gate",)),
    ):
        marks = ", ".join("?" * len(kinds))
        stored = desk.rows(f"SELECT count(*) FROM {table}")[0][0]
        told = desk.rows(f"SELECT count(*) FROM audit_events WHERE kind IN ({marks})", *kinds)[0][0]
        if stored != told:
            yield f"{stored} {table}, {told} events of them"
