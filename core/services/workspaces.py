"""What exists and how it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from core.contracts import Actor, Estimate, HomeView, Job, JobKind, Progress, Workspace, WorkspaceSpec
from core.services.catalogue import Catalogue
from core.services.fairness.lacking import lacking_alarms
from core.services.guard.alarms import drift_alarms
from core.services.guard.coverage import Coverage
from core.services.queueing import Queueing
from core.services.runtime import Runtime
from core.services.scoring import Scoring
from core.storage import actors, cases, decisions, gates, jobs, verdicts, versions, workspaces

FIGURES = {"accuracy": "Accuracy", "auroc": "AUROC", "ece": "Calibration error"}
PREPARING: tuple[JobKind, ...] = ("import", "champion")


@dataclass(frozen=True, slots=True)
class Workspaces:
    """Overviews."""

    runtime: Runtime
    catalogue: Catalogue
    queueing: Queueing
    scoring: Scoring
    sets: Coverage

    def names(self) -> tuple[str, ...]:
        """Return the names of all workspaces, oldest first."""
        with self.runtime.database.read() as tx:
            return workspaces.names(tx)

    def spec(self, workspace: str) -> WorkspaceSpec:
        """Return what the workspace's present revision declares."""
        with self.runtime.database.read() as tx:
            return self.catalogue.workspace(tx, workspace)[1]

    def champion(self, workspace: str) -> str | None:
        """Return the name of the version that serves, or None before the first training."""
        with self.runtime.database.read() as tx:
            return self.catalogue.workspace(tx, workspace)[0].champion

    def home(self, workspace: str, *, actor: Actor) -> HomeView:
        """Return the home page of one workspace."""
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, workspace)
            state = self.queueing.waiting(tx, found, actor)
            given = len(verdicts.standing(tx, found.id))
            stored = versions.list_versions(tx, found.id)
            candidates = tuple(version.name for version in stored if version.status == "candidate")
            since, by = _served_since(tx, found)
            alarms = (*_alarms(tx, found, candidates), *lacking_alarms(tx, self.catalogue, found))
            total = sum(cases.counts(tx, found.id).values())
            preparing = None if found.champion else preparation(tx, workspace)
        return HomeView(
            workspace=workspace,
            title=spec.title,
            description=spec.description,
            tour=spec.tour,
            is_new=given == 0,
            cases=total,
            waiting=len(state.ranked),
            verdicts=given,
            candidates=candidates,
            alarms=(*alarms, *self.sets.alarms(workspace)),
            champion=found.champion,
            champion_since=since,
            champion_by=by,
            figures=self._figures(found),
            preparing=preparing,
        )

    def status(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Return the state of all workspaces as the CLI prints it."""
        return {"workspaces": {name: self._status(name) for name in self.names()}}

    def _status(self, name: str) -> dict[str, Any]:
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, name)
            waiting = len(self.queueing.waiting(tx, found, self.runtime.actor).ranked)
            total = sum(cases.counts(tx, found.id).values())
        metrics: dict[str, object] = {}
        if found.champion:
            for target in spec.targets:
                figures = self.scoring.figures(name, found.champion, target.name)
                metrics[target.name] = {key: _plain(figures[key]) for key in ("accuracy", "auroc")}
        return {"champion": found.champion, "cases": total, "waiting": waiting, "metrics": metrics}

    def _figures(self, workspace: Workspace) -> tuple[tuple[str, Estimate], ...]:
        if workspace.champion is None:
            return ()
        spec = self.runtime.spec(workspace)
        rows: list[tuple[str, Estimate]] = []
        for target in spec.targets:
            figures = self.scoring.figures(workspace.name, workspace.champion, target.name)
            prefix = "" if len(spec.targets) == 1 else f"{target.title or target.name}: "
            rows.extend((prefix + words, figures[key]) for key, words in FIGURES.items())
        return tuple(rows)


def preparation(tx: Connection, workspace: str) -> Progress | None:
    """Return how far import and first training of a workspace are, or None when nothing is under way."""
    for kind in reversed(PREPARING):
        job = jobs.latest(tx, workspace, kind)
        if job is not None and job.status in ("queued", "running"):
            return _progress(job)
        if job is not None and job.status in ("failed", "cancelled"):
            return Progress(stage=job.status, message=job.error or "")
    return None


def _progress(job: Job) -> Progress:
    return job.progress if job.progress.stage else Progress(stage=f"{job.kind} is waiting for the worker")


def _served_since(tx: Connection, workspace: Workspace) -> tuple[datetime | None, str | None]:
    for decision in decisions.list_decisions(tx, workspace.id):
        if decision.kind in ("promote", "rollback") and decision.version == workspace.champion:
            return decision.created, actors.names(tx).get(decision.actor_id, decision.actor_id)
    return None, None


def _alarms(tx: Connection, workspace: Workspace, candidates: tuple[str, ...]) -> tuple[str, ...]:
    """Return what a lead should look at: failed jobs and candidates that the gate did not pass."""
    alarms: list[str] = list(drift_alarms(tx, workspace))
    run = jobs.latest(tx, workspace.name, "retrain")
    if run is not None and run.status == "failed":
        alarms.append(f"The last retraining failed: {run.error}")
    measured = jobs.latest(tx, workspace.name, "gate")
    for name in candidates:
        report = gates.get(tx, versions.get(tx, workspace.id, name).id)
        if report is not None and report.verdict == "fail":
            alarms.append(f"The gate failed {name}.")
        stale = report is None or report.champion != workspace.champion
        if stale and measured is not None and measured.status == "failed" and measured.payload["version"] == name:
            alarms.append(
                f"{name} could not be measured: {measured.error} "
                f"Measure it again with: python -m core gate {workspace.name} {name}"
            )
    return tuple(alarms)


def _plain(estimate: Estimate) -> Mapping[str, float | int | None]:
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high, "n": estimate.n}
