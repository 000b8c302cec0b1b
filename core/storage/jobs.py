"""The queue of long work: lease, heartbeat, attempt, cancel. Times of leases are the database clients' UTC."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, update

from core.contracts import Job, JobKind, NewJob, Progress, RunStatus, Trial
from core.errors import Conflict, NotFound
from core.storage import schema
from core.storage.columns import from_json, now, to_json
from core.storage.schema import runs
from core.storage.schema.learning import UNFINISHED
from core.storage.statements import insert_new

ATTEMPTS = 3
"""How often a job is started before it is given up."""
GIVEN_UP = f"The worker stopped {ATTEMPTS} times in the middle of this work, so it was given up. Start it again."
_TABLE = schema.jobs
_WAITING = ("queued", "running")


def add(tx: Connection, job: NewJob) -> Job:
    """Queue a job; when an unfinished one has the same key, return that one."""
    row = {
        "kind": job.kind,
        "workspace": job.workspace,
        "payload": to_json(dict(job.payload)),
        "actor_id": job.actor_id,
        "key": job.key,
        "status": "queued",
        "attempt": 0,
        "cancel_requested": False,
        "progress": to_json(asdict(Progress())),
        "created": now(),
    }
    statement = insert_new(tx, _TABLE, ["key"], UNFINISHED).values(row).returning(_TABLE.c.id)
    job_id = tx.execute(statement).scalar()
    if job_id is not None:
        return get(tx, job_id)
    return _one(tx, (_TABLE.c.key == job.key) & _TABLE.c.status.in_(_WAITING))


def get(tx: Connection, job_id: int) -> Job:
    """Return one job.

    Raises
    ------
    NotFound
        When there is none of this number.
    """
    return _one(tx, _TABLE.c.id == job_id)


def latest(tx: Connection, workspace: str, kind: JobKind) -> Job | None:
    """Return the newest job of this kind for the workspace."""
    query = select(_TABLE).where(_TABLE.c.workspace == workspace, _TABLE.c.kind == kind)
    row = tx.execute(query.order_by(_TABLE.c.id.desc()).limit(1)).first()
    return None if row is None else _job(row)


def active(tx: Connection) -> tuple[Job, ...]:
    """Return all unfinished jobs, oldest first."""
    query = select(_TABLE).where(_TABLE.c.status.in_(_WAITING)).order_by(_TABLE.c.id)
    return tuple(_job(row) for row in tx.execute(query))


def claim_next(tx: Connection, worker: str, lease_seconds: float) -> Job | None:
    """Take the oldest job that waits, or whose worker fell silent, for `lease_seconds`.

    `worker` must be new for each worker process. A job whose attempts are used up is marked failed, one that
    should be cancelled is marked cancelled, and so is the run that belongs to it.
    """
    present = now()
    silent = (_TABLE.c.status == "running") & (_TABLE.c.lease_until < present)
    _end(tx, silent & _TABLE.c.cancel_requested, "cancelled", None)
    _end(tx, silent & (_TABLE.c.attempt >= ATTEMPTS), "failed", GIVEN_UP)
    query = select(_TABLE).where((_TABLE.c.status == "queued") | silent).order_by(_TABLE.c.id).limit(1)
    row = tx.execute(query.with_for_update(skip_locked=True)).first()
    if row is None:
        return None
    values = {
        "status": "running",
        "worker": worker,
        "attempt": row.attempt + 1,
        "lease_until": present + timedelta(seconds=lease_seconds),
        "started": row.started or present,
    }
    tx.execute(update(_TABLE).where(_TABLE.c.id == row.id).values(values))
    return get(tx, row.id)


def heartbeat(tx: Connection, job_id: int, worker: str, lease_seconds: float, progress: Progress | None) -> bool:
    """Prolong the lease, note the progress, and return whether somebody asked to cancel.

    Raises
    ------
    Conflict
        When another worker has the job now, or it is finished.
    """
    values: dict[str, object] = {"lease_until": now() + timedelta(seconds=lease_seconds)}
    if progress is not None:
        values["progress"] = to_json(asdict(progress))
    _change_own(tx, job_id, worker, values)
    return bool(tx.execute(select(_TABLE.c.cancel_requested).where(_TABLE.c.id == job_id)).scalar_one())


def save_checkpoint(tx: Connection, job_id: int, worker: str, blob: str) -> None:
    """Note the blob from which a later attempt resumes. Raises `Conflict` when the lease was lost."""
    _change_own(tx, job_id, worker, {"checkpoint": blob})


def finish(tx: Connection, job_id: int, worker: str, status: RunStatus, error: str | None = None) -> None:
    """Note how the job ended; its checkpoint is let go, and its run ends with it when it failed or was cancelled.

    Raises `Conflict` when the lease was lost.
    """
    values: dict[str, object] = {"status": status, "error": error, "finished": now()}
    _change_own(tx, job_id, worker, {**values, "lease_until": None, "checkpoint": None})
    if status != "done":
        _end_runs(tx, [job_id], values)


def release(tx: Connection, job_id: int, worker: str) -> None:
    """Give a job back unfinished: it waits again, keeps its checkpoint, and this attempt does not count.

    Raises `Conflict` when the lease was lost.
    """
    values = {"status": "queued", "worker": None, "lease_until": None, "attempt": _TABLE.c.attempt - 1}
    _change_own(tx, job_id, worker, values)


def request_cancel(tx: Connection, job_id: int) -> None:
    """Ask a job to stop: one that still waits is cancelled at once, with its run; a finished one stays."""
    this = _TABLE.c.id == job_id
    _end(tx, this & (_TABLE.c.status == "queued"), "cancelled", None)
    tx.execute(update(_TABLE).where(this, _TABLE.c.status == "running").values(cancel_requested=True))


def _end(tx: Connection, where: ColumnElement[bool], status: RunStatus, error: str | None) -> None:
    ended = tx.execute(select(_TABLE.c.id).where(where).with_for_update()).scalars().all()
    values = {"status": status, "error": error, "finished": now()}
    if ended:
        tx.execute(update(_TABLE).where(_TABLE.c.id.in_(ended)).values(**values, lease_until=None, checkpoint=None))
        _end_runs(tx, ended, values)


def _end_runs(tx: Connection, job_ids: Sequence[int], values: Mapping[str, object]) -> None:
    theirs = runs.c.job_id.in_(job_ids) & runs.c.status.in_(_WAITING)
    tx.execute(update(runs).where(theirs).values(values))


def _change_own(tx: Connection, job_id: int, worker: str, values: Mapping[str, object]) -> None:
    mine = (_TABLE.c.id == job_id) & (_TABLE.c.worker == worker) & (_TABLE.c.status == "running")
    if tx.execute(update(_TABLE).where(mine).values(values)).rowcount != 1:
        raise Conflict(f"Job {job_id} no longer belongs to this worker: its lease ran out. Stop working on it.")


def _one(tx: Connection, where: ColumnElement[bool]) -> Job:
    row = tx.execute(select(_TABLE).where(where)).first()
    if row is None:
        raise NotFound("There is no such job. Look at the list of runs again.")
    return _job(row)


def _job(row: Row[Any]) -> Job:
    progress = from_json(row.progress)
    progress["curve"] = tuple((int(step), loss, score) for step, loss, score in progress["curve"])
    progress["trials"] = tuple(Trial(**trial) for trial in progress.get("trials", ()))
    return Job(
        id=row.id,
        kind=row.kind,
        workspace=row.workspace,
        payload=from_json(row.payload),
        actor_id=row.actor_id,
        status=row.status,
        attempt=row.attempt,
        cancel_requested=row.cancel_requested,
        progress=Progress(**progress),
        checkpoint=row.checkpoint,
        error=row.error,
        created=row.created,
        started=row.started,
        finished=row.finished,
    )
