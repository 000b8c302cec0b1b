"""What the worker does for each kind of job. Each ends its job in the transaction that keeps its result."""

from dataclasses import dataclass

from sqlalchemy import Connection

from core.contracts import Job, JobKind, NewJob, Run, Version
from core.errors import UserError
from core.services.gating import Gating
from core.services.guard.routing import Routing
from core.services.importing import Importing, ask_for_champion
from core.services.jobs import Handler, JobContext
from core.services.runtime import Runtime
from core.services.scoring import Scoring
from core.services.training import Trained, Training
from core.services.trust.material import ReportQuestion
from core.services.trust.reports import QualityReports
from core.storage import audit, decisions, jobs, runs, versions, workspaces

FIRST = "first version of the workspace"


@dataclass(frozen=True, slots=True)
class Handlers:
    """Import, champion, retrain, gate, quality, route."""

    runtime: Runtime
    importing: Importing
    training: Training
    scoring: Scoring
    gating: Gating
    reports: QualityReports
    routing: Routing

    def table(self) -> dict[JobKind, Handler]:
        """Return the handler of each kind of job."""
        return {
            "import": self.import_demo,
            "champion": self.champion,
            "retrain": self.retrain,
            "gate": self.gate,
            "quality": self.quality,
            "route": self.routing.work,
        }

    def import_demo(self, job: Job, context: JobContext) -> None:
        """Import a demo; its training is queued by the import."""
        self.importing.import_demo(str(job.payload["demo"]), context)
        with self.runtime.database.write() as tx:
            workspace = workspaces.get(tx, job.workspace)
            if workspace.champion is None:
                ask_for_champion(tx, workspace, self.runtime.actor)
            jobs.finish(tx, job.id, context.worker, "done")

    def champion(self, job: Job, context: JobContext) -> None:
        """Train or adopt the first version; it serves at once, for there is nothing to compare it with."""
        run, given = self._run_of(job), job.payload.get("weights")
        if given is None:
            trained = self.training.train(job.workspace, run, context, context)
        else:
            trained = self.training.adopt(job.workspace, run, str(given), context)
        context.flush()
        with self.runtime.database.write() as tx:
            version = self._register(tx, job, trained)
            self._crown(tx, job, version)
            jobs.finish(tx, job.id, context.worker, "done")
        self.scoring.score(job.workspace, version.name)
        self.routing.route(job.workspace)
        self.reports.try_methods(job.workspace, version.name)

    def retrain(self, job: Job, context: JobContext) -> None:
        """Train a candidate and queue its gate in the same transaction; no candidate where the parent stays."""
        run = self._run_of(job)
        trained = self.training.train(job.workspace, run, context, context)
        context.flush()
        with self.runtime.database.write() as tx:
            if trained.saved is None:
                self._keep_parent(tx, job, trained)
                jobs.finish(tx, job.id, context.worker, "done")
                return
            version = self._register(tx, job, trained)
            gate = NewJob("gate", job.workspace, {"version": version.name}, job.actor_id, key=f"gate:{version.id}")
            jobs.add(tx, gate)
            jobs.finish(tx, job.id, context.worker, "done")

    def gate(self, job: Job, context: JobContext) -> None:
        """Measure a candidate, and score the cases that it would serve."""
        version = str(job.payload["version"])
        self.scoring.score(job.workspace, version, context)
        self.routing.fitting.ensure(job.workspace, version, context)
        report = self.gating.measure(job.workspace, version, context)
        with self.runtime.database.write() as tx:
            self.gating.keep(tx, report, job.actor_id)
            jobs.finish(tx, job.id, context.worker, "done")
        self.reports.try_methods(job.workspace, version)

    def quality(self, job: Job, context: JobContext) -> None:
        """Measure the explanation methods on a version and keep the report."""
        named = str(job.payload["methods"])
        asked = ReportQuestion(
            workspace=job.workspace,
            version=str(job.payload["version"]),
            target=str(job.payload["target"]),
            methods=tuple(named.split(",")) if named else (),
            cases=int(job.payload["cases"] or 0),
        )
        report = self.reports.measure(asked, context)
        with self.runtime.database.write() as tx:
            workspace = workspaces.get(tx, job.workspace)
            self.reports.keep(tx, report, versions.get(tx, workspace.id, asked.version).id, job.actor_id)
            jobs.finish(tx, job.id, context.worker, "done")

    def _run_of(self, job: Job) -> Run:
        """Return the run of a job; the first champion's run is made here, once."""
        with self.runtime.database.write() as tx:
            run = runs.of_job(tx, job.id)
            if run is not None:
                return run
            workspace = workspaces.get(tx, job.workspace)
            if workspace.champion is not None and job.kind == "champion":
                raise UserError(f"Workspace {job.workspace!r} already has a champion.")
            seed = self.runtime.spec(workspace).training.seed
            strategy = "given" if job.payload.get("weights") else "labels"
            run = runs.add(tx, workspace.id, job.kind, strategy, seed, False, (), None)
            runs.set_job(tx, run.id, job.id)
            return run

    def _register(self, tx: Connection, job: Job, trained: Trained) -> Version:
        version = self.training.register(tx, trained)
        audit.append(
            tx,
            actor_id=job.actor_id,
            kind="version",
            workspace=job.workspace,
            subject={
                "version": version.name,
                "parent": version.parent,
                "run": trained.run.id,
                "strategy": trained.run.strategy,
                "sha256": version.sha256,
            },
        )
        return version

    def _keep_parent(self, tx: Connection, job: Job, trained: Trained) -> None:
        self.training.keep_parent(tx, trained)
        run = trained.run
        audit.append(
            tx,
            actor_id=job.actor_id,
            kind="no effect",
            workspace=job.workspace,
            subject={"run": run.id, "version": run.parent, "strategy": run.strategy},
        )

    def _crown(self, tx: Connection, job: Job, version: Version) -> None:
        if not versions.set_champion(tx, version.workspace_id, version.id, None):
            raise UserError(f"Workspace {job.workspace!r} already has a champion.")
        decisions.add(tx, version.workspace_id, version.name, None, "promote", FIRST, False, False, job.actor_id)
        audit.append(
            tx,
            actor_id=job.actor_id,
            kind="promote",
            workspace=job.workspace,
            subject={"version": version.name, "previous": None},
            payload=FIRST.encode(),
        )
