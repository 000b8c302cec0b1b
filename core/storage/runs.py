"""Training runs, and which cases each one learnt from: never a ledger or calibration case."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, insert, select, update

from core.contracts import JobKind, Run, RunOutcome, RunPlan, RunStatus
from core.errors import NotFound, Refused
from core.storage import schema
from core.storage.columns import now
from core.storage.outcomes import outcome_of, outcome_text, plan_of, plan_text
from core.storage.schema import cases, run_verdicts, training_cases
from core.storage.statements import chunks, insert_all, insert_new

_FINISHED = ("done", "failed", "cancelled")


def add(
    tx: Connection,
    workspace_id: int,
    kind: JobKind,
    strategy: str,
    seed: int,
    use_regions: bool,
    verdict_ids: Sequence[int],
    parent: str | None,
    plan: RunPlan | None = None,
) -> Run:
    """Record a run that is about to start, with the verdicts it learns from."""
    row = {
        "workspace_id": workspace_id,
        "kind": kind,
        "strategy": strategy,
        "seed": seed,
        "use_regions": use_regions,
        "status": "queued",
        "parent": parent,
        "plan": plan_text(plan or RunPlan()),
        "created": now(),
    }
    run_id = tx.execute(insert(schema.runs).values(row).returning(schema.runs.c.id)).scalar_one()
    rows = [{"run_id": run_id, "verdict_id": verdict_id} for verdict_id in sorted(set(verdict_ids))]
    insert_all(tx, insert(run_verdicts), rows)
    return get(tx, run_id)


def get(tx: Connection, run_id: int) -> Run:
    """Return one run.

    Raises
    ------
    NotFound
        When there is none of this number.
    """
    found = _first(tx, schema.runs.c.id == run_id)
    if found is None:
        raise NotFound(f"There is no run with the number {run_id}.")
    return found


def latest(tx: Connection, workspace_id: int, kind: JobKind | None = None) -> Run | None:
    """Return the newest run of the workspace (of this kind, when given)."""
    where = schema.runs.c.workspace_id == workspace_id
    return _first(tx, where if kind is None else where & (schema.runs.c.kind == kind))


def of_job(tx: Connection, job_id: int) -> Run | None:
    """Return the run that this job carries out."""
    return _first(tx, schema.runs.c.job_id == job_id)


def set_job(tx: Connection, run_id: int, job_id: int) -> None:
    """Note which job carries the run out."""
    tx.execute(update(schema.runs).where(schema.runs.c.id == run_id).values(job_id=job_id))


def finish(
    tx: Connection,
    run_id: int,
    status: RunStatus,
    version: str | None = None,
    error: str | None = None,
    outcome: RunOutcome | None = None,
) -> None:
    """Note how the run stands, the version it delivered (its parent: no effect), or why it did not."""
    values: dict[str, object] = {"status": status, "version": version, "error": error}
    if outcome is not None:
        values["outcome"] = outcome_text(outcome)
    if status in _FINISHED:
        values["finished"] = now()
    tx.execute(update(schema.runs).where(schema.runs.c.id == run_id).values(values))


def record_training_cases(tx: Connection, run_id: int, case_ids: Iterable[int]) -> None:
    """Record which cases the run learns from; recording one twice is fine.

    Raises
    ------
    Refused
        When one of them judges models (ledger, calibration); nothing is recorded then. The database refuses
        such a row by itself, too.
    NotFound
        When one does not exist.
    """
    wanted = sorted(set(case_ids))
    splits = _splits(tx, wanted)
    judging = [name for name, split in splits.values() if split in ("ledger", "calibration")]
    if judging:
        raise Refused(
            f"{len(judging)} of {len(wanted)} cases judge models and never train one ({', '.join(judging[:5])}). "
            "Leave ledger and calibration cases out of the training set."
        )
    missing = [case_id for case_id in wanted if case_id not in splits]
    if missing:
        raise NotFound(f"There is no case with the number {missing[0]}.")
    rows = [{"run_id": run_id, "case_id": case_id, "split": splits[case_id][1]} for case_id in wanted]
    insert_all(tx, insert_new(tx, training_cases, ["run_id", "case_id"]), rows)


def training_case_ids(tx: Connection, run_id: int) -> set[int]:
    """Return the cases that the run learnt from."""
    return set(tx.execute(select(training_cases.c.case_id).where(training_cases.c.run_id == run_id)).scalars())


def _splits(tx: Connection, case_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    found: dict[int, tuple[str, str]] = {}
    for some in chunks(case_ids):
        query = select(cases.c.id, cases.c.name, cases.c.split).where(cases.c.id.in_(some))
        found.update((row.id, (row.name, row.split)) for row in tx.execute(query))
    return found


def _first(tx: Connection, where: ColumnElement[bool]) -> Run | None:
    row = tx.execute(select(schema.runs).where(where).order_by(schema.runs.c.id.desc()).limit(1)).first()
    if row is None:
        return None
    query = select(run_verdicts.c.verdict_id).where(run_verdicts.c.run_id == row.id)
    return Run(
        id=row.id,
        workspace_id=row.workspace_id,
        kind=row.kind,
        strategy=row.strategy,
        seed=row.seed,
        use_regions=row.use_regions,
        verdict_ids=tuple(tx.execute(query.order_by(run_verdicts.c.verdict_id)).scalars()),
        status=row.status,
        parent=row.parent,
        version=row.version,
        job_id=row.job_id,
        created=row.created,
        finished=row.finished,
        error=row.error,
        plan=plan_of(row.plan),
        outcome=outcome_of(row.outcome),
    )
