"""Asking for a robustness report, following it, and making it in the worker."""

from dataclasses import dataclass

from sqlalchemy import Connection

from core.contracts import Actor, Job, NewJob, RobustnessReport, RobustnessView
from core.errors import BadInput, Conflict, Refused
from core.guard.robustness.pictures import image_fields
from core.services.catalogue import Catalogue, target_of
from core.services.jobs import JobContext
from core.services.robustness_reports import NO_IMAGE, RobustnessQuestion, RobustnessReports
from core.services.runtime import Runtime
from core.storage import actors, audit, jobs, robustness, versions, workspaces

USUAL_CASES = 100
NOTHING_SERVES = "Nothing was trained yet; come back when the first version serves."
Payload = dict[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class Robustness:
    """How easily a version is thrown off."""

    runtime: Runtime
    catalogue: Catalogue
    reports: RobustnessReports

    def view(self, workspace: str, *, version: str | None = None, target: str | None = None) -> RobustnessView:
        """Return the last report of a version (the champion when none is named) and the job that makes one.

        Raises
        ------
        NotFound
            When there is no such workspace, version or target.
        """
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, workspace)
            asked = spec.targets[0] if target is None else target_of(spec, target)
            name = version or found.champion
            stored = None if name is None else versions.get(tx, found.id, name)
            report = None if stored is None else robustness.get(tx, stored.id, asked.name)
            job = jobs.latest(tx, workspace, "robustness")
        note = "" if image_fields(spec) else NO_IMAGE
        return RobustnessView(
            version=None if stored is None else stored.name,
            target=asked.name,
            report=report,
            job_id=None if job is None else job.id,
            status=None if job is None else job.status,
            progress=None if job is None else job.progress,
            error=None if job is None else job.error,
            note=NOTHING_SERVES if stored is None else note,
        )

    def start(
        self,
        workspace: str,
        *,
        actor: Actor,
        version: str | None = None,
        target: str | None = None,
        cases: int = USUAL_CASES,
    ) -> RobustnessView:
        """Ask the worker for a report; one that is asked the very same and is under way is returned.

        Raises
        ------
        BadInput
            When the number of cases is below 1.
        Conflict
            When nothing serves yet, or a report of another version, target or number of cases is under way.
        NotFound
            When there is no such workspace, version or target.
        Refused
            When there is no image field, or no ledger case.
        """
        if cases < 1:
            raise BadInput(f"A robustness report needs at least 1 case, got {cases}.")
        with self.runtime.database.write() as tx:
            actors.ensure(tx, actor)
            found = self.catalogue.locked(tx, workspace)
            spec = self.runtime.spec(found)
            asked, name = target_of(spec, target).name, version or found.champion
            if name is None:
                raise Conflict(f"Workspace {workspace!r} has no model yet. Wait until its first training has finished.")
            if not image_fields(spec):
                raise Refused(NO_IMAGE)
            if not self.catalogue.cases(tx, found, "ledger"):
                raise Refused(f"Workspace {workspace!r} has no ledger cases to attack. Import more cases.")
            payload: Payload = {"version": versions.get(tx, found.id, name).name, "target": asked, "cases": cases}
            busy = _busy(tx, workspace)
            if busy is None:
                jobs.add(tx, NewJob("robustness", workspace, payload, actor.id, key=f"robustness:{found.id}"))
            elif dict(busy.payload) != payload:
                raise Conflict(
                    f"A report on {busy.payload['version']} ({busy.payload['target']}, {busy.payload['cases']} cases) "
                    "is under way. Wait for its end or cancel it, then ask again."
                )
        return self.view(workspace, version=name, target=asked)

    def cancel(self, workspace: str, *, actor: Actor) -> None:
        """Ask the running report to stop.

        Raises
        ------
        Conflict
            When none is under way.
        """
        with self.runtime.database.write() as tx:
            actors.ensure(tx, actor)
            busy = _busy(tx, workspace)
            if busy is None:
                raise Conflict("No robustness report is under way.")
            jobs.request_cancel(tx, busy.id)
            audit.append(tx, actor_id=actor.id, kind="cancel", workspace=workspace, subject={"report": busy.id})

    def work(self, job: Job, context: JobContext) -> None:
        """Make a report and keep it (the worker's part)."""
        version, target = str(job.payload["version"]), str(job.payload["target"])
        asked = RobustnessQuestion(job.workspace, version, target, int(job.payload["cases"] or 0))
        report = self.reports.measure(asked, context)
        with self.runtime.database.write() as tx:
            workspace = workspaces.get(tx, job.workspace)
            self._keep(tx, report, versions.get(tx, workspace.id, version).id, job.actor_id)
            jobs.finish(tx, job.id, context.worker, "done")

    def _keep(self, tx: Connection, report: RobustnessReport, version_id: int, actor_id: str) -> None:
        """Store a report with its audit event."""
        digest = robustness.add(tx, version_id, report, actor_id)
        audit.append(
            tx,
            actor_id=actor_id,
            kind="robustness",
            workspace=report.workspace,
            subject={
                "version": report.version,
                "target": report.target,
                "cases": report.cases,
                "unsound": sum(not one.sound for one in report.attacks),
                "sha256": digest,
            },
        )


def _busy(tx: Connection, workspace: str) -> Job | None:
    latest = jobs.latest(tx, workspace, "robustness")
    return latest if latest is not None and latest.status in ("queued", "running") else None
