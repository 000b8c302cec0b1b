"""How much has happened, for metrics: counts that one query each answers."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from core.storage.schema import cases, jobs, verdicts, workspaces


@dataclass(frozen=True, slots=True)
class Activity:
    """Counts of jobs and verdicts, superseded verdicts included."""

    jobs: tuple[tuple[str, str, int], ...]
    """(kind, status, count)"""
    verdicts: tuple[tuple[str, str, int], ...]
    """(workspace, stance, count)"""


def activity(tx: Connection) -> Activity:
    """Return the counts as they stand."""
    by_status = select(jobs.c.kind, jobs.c.status, func.count()).group_by(jobs.c.kind, jobs.c.status)
    given = (
        select(workspaces.c.name, verdicts.c.stance, func.count())
        .join_from(verdicts, cases, verdicts.c.case_id == cases.c.id)
        .join(workspaces, cases.c.workspace_id == workspaces.c.id)
        .group_by(workspaces.c.name, verdicts.c.stance)
    )
    return Activity(
        jobs=tuple(sorted((kind, status, count) for kind, status, count in tx.execute(by_status))),
        verdicts=tuple(sorted((name, stance, count) for name, stance, count in tx.execute(given))),
    )
