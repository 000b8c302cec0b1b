"""The trust page as a verb, and asking for the report that it shows."""

from dataclasses import dataclass

from sqlalchemy import Connection

from core.contracts import (
    Actor,
    CalibrationView,
    Case,
    Job,
    NewJob,
    ReportRun,
    TargetSpec,
    TrustView,
    Version,
    Workspace,
    WorkspaceSpec,
)
from core.errors import BadInput, Conflict, Refused
from core.models.calibration import calibrator
from core.models.manifest import TargetCalibration
from core.models.registry import LoadedModel
from core.services.catalogue import Catalogue, target_of
from core.services.explaining import Explaining
from core.services.runtime import Runtime
from core.services.scoring import Scoring
from core.services.trust.answers import calibration_bins, confusion
from core.services.trust.errors import ErrorFinder
from core.services.trust.judging import judged_on
from core.storage import actors, audit, jobs, quality, versions
from explain.registry import explainer, explainers

Payload = dict[str, str | int | float | bool | None]
USUAL_CASES = 40
NOTHING_SERVES = "nothing was trained yet; come back when the first version serves"
NO_LABELS = "no ledger case has a reference label for this target, so nothing can be compared"


@dataclass(frozen=True, slots=True)
class Trust:
    """What is known of how far a version can be trusted."""

    runtime: Runtime
    catalogue: Catalogue
    scoring: Scoring
    explaining: Explaining
    errors: ErrorFinder

    def view(self, workspace: str, *, version: str | None = None, target: str | None = None) -> TrustView:
        """Return the trust page of a version, of the champion when none is named.

        Raises
        ------
        NotFound
            When there is no such workspace, version or target.
        """
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, workspace)
            known = tuple(one.name for one in reversed(versions.list_versions(tx, found.id)))
            job = jobs.latest(tx, workspace, "quality")
            name = version or found.champion
            stored = None if name is None else versions.get(tx, found.id, name)
        asked = spec.targets[0] if target is None else target_of(spec, target)
        if stored is None:
            return _blank(found, spec, known, asked)
        return self._view(found, spec, known, asked, stored, job)

    def start_report(
        self,
        workspace: str,
        *,
        actor: Actor,
        version: str | None = None,
        target: str | None = None,
        methods: tuple[str, ...] = (),
        cases: int = USUAL_CASES,
    ) -> ReportRun:
        """Ask the worker for a quality report; one that is asked the very same and is under way is returned.

        Raises
        ------
        BadInput
            When the number of cases is below 1, or a method is unknown or does not fit.
        Conflict
            When nothing serves yet, or a report of another version, target, methods or cases is under way; says which.
        Refused
            When the ledger is empty.
        """
        if cases < 1:
            raise BadInput(f"A quality report needs at least 1 case, got {cases}.")
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, workspace)
            ledger = self.catalogue.cases(tx, found, "ledger")
        asked = target_of(spec, target).name
        model = self.catalogue.model(found, version)
        if not ledger:
            raise Refused(f"Workspace {workspace!r} has no ledger cases to measure explanations on. Import more cases.")
        self._check_methods(model, ledger[0], methods)
        with self.runtime.database.write() as tx:
            actors.ensure(tx, actor)
            found = self.catalogue.locked(tx, workspace)
            busy = _busy(tx, workspace)
            payload: Payload = {
                "version": model.version,
                "target": asked,
                "methods": ",".join(sorted(set(methods))),
                "cases": cases,
            }
            if busy is not None:
                return _same_or_refused(busy, payload)
            return _run(jobs.add(tx, NewJob("quality", workspace, payload, actor.id, key=f"quality:{found.id}")))

    def cancel_report(self, workspace: str, *, actor: Actor) -> None:
        """Ask the report that is under way to stop.

        Raises
        ------
        Conflict
            When there is none.
        """
        with self.runtime.database.write() as tx:
            actors.ensure(tx, actor)
            busy = _busy(tx, workspace)
            if busy is None:
                raise Conflict("No quality report is under way.")
            jobs.request_cancel(tx, busy.id)
            audit.append(tx, actor_id=actor.id, kind="cancel", workspace=workspace, subject={"report": busy.id})

    def _view(
        self,
        workspace: Workspace,
        spec: WorkspaceSpec,
        known: tuple[str, ...],
        target: TargetSpec,
        version: Version,
        job: Job | None,
    ) -> TrustView:
        figures = self.scoring.figures(workspace.name, version.name, target.name)
        model = self.catalogue.model(workspace, version.name)
        with self.runtime.database.read() as tx:
            key, judged, ledger = judged_on(tx, self.catalogue, workspace, target, version)
            report = quality.get(tx, version.id, target.name)
        errors = self.errors.find(key, judged, model)
        fitting = self.explaining.methods.fits(model, ledger[0]).names if ledger else ()
        return TrustView(
            workspace=workspace.name,
            version=version.name,
            versions=known,
            target=target.name,
            targets=tuple(one.name for one in spec.targets),
            figures=tuple(figures.items()) if judged.cases else (),
            report=report,
            run=None if job is None else _run(job),
            calibration=calibration_bins(judged),
            calibration_error=figures["ece"] if judged.cases else None,
            confusion=confusion(judged),
            slices=errors.slices,
            slice_note=errors.note if judged.cases else NO_LABELS,
            tree=errors.tree,
            methods=tuple((name, explainer(name).title) for name in fitting),
            cases_available=len(ledger),
            calibrated=_calibrated(model.manifest.target(target.name)),
        )

    def _check_methods(self, model: LoadedModel, case: Case, methods: tuple[str, ...]) -> None:
        known = [method.name for method in explainers()]
        unknown = [name for name in methods if name not in known]
        if unknown:
            raise BadInput(f"There is no explanation method {unknown[0]!r}. Known: {', '.join(known)}.")
        fitting = self.explaining.methods.fits(model, case).names if methods else ()
        wrong = [name for name in methods if name not in fitting]
        if wrong:
            raise BadInput(
                f"{wrong[0]!r} does not fit the model of {model.version}. Methods that do: {', '.join(fitting)}."
            )


def _calibrated(item: TargetCalibration) -> CalibrationView:
    title = calibrator(item.method).title
    return CalibrationView(title, item.calibration_n, item.before, item.after, item.notes)


def _blank(workspace: Workspace, spec: WorkspaceSpec, known: tuple[str, ...], target: TargetSpec) -> TrustView:
    return TrustView(
        workspace=workspace.name,
        version=None,
        versions=known,
        target=target.name,
        targets=tuple(one.name for one in spec.targets),
        figures=(),
        report=None,
        run=None,
        calibration=(),
        calibration_error=None,
        confusion=None,
        slices=(),
        slice_note=NOTHING_SERVES,
        tree=(),
        methods=(),
        cases_available=0,
    )


def _busy(tx: Connection, workspace: str) -> Job | None:
    latest = jobs.latest(tx, workspace, "quality")
    return latest if latest is not None and latest.status in ("queued", "running") else None


def _same_or_refused(busy: Job, asked: Payload) -> ReportRun:
    running = busy.payload
    if any(running[name] != value for name, value in asked.items()):
        methods = str(running["methods"]).replace(",", ", ") or "every method that fits"
        raise Conflict(
            f"A report on {running['version']} ({running['target']}) is under way: {methods}, on {running['cases']} "
            "cases. Wait for its end or cancel it, then ask again."
        )
    return _run(busy)


def _run(job: Job) -> ReportRun:
    return ReportRun(job.id, job.status, job.progress, job.error)
