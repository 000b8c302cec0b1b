"""A run as pages and commands follow it."""

from sqlalchemy import Connection

from core.contracts import Progress, Run, RunView
from core.storage import jobs, regions


def run_view(tx: Connection, run: Run) -> RunView:
    """Return a run with how far its job is."""
    job = jobs.get(tx, run.job_id) if run.job_id is not None else None
    return RunView(
        id=run.id,
        job_id=run.job_id,
        strategy=run.strategy,
        status=job.status if job else run.status,
        progress=job.progress if job else Progress(),
        version=run.version,
        error=job.error if job else run.error,
        created=run.created,
        verdicts=len(run.verdict_ids),
        marks=len(regions.of_run(tx, run.id)) if run.use_regions else 0,
        plan=run.plan,
        outcome=run.outcome,
    )
