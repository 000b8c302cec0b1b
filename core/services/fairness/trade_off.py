"""Accuracy against gaps: the verbs of the trade-off. See `core.contracts.FairnessVerbs`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from core.contracts import (
    Actor,
    GapMetric,
    Job,
    NewJob,
    RunView,
    TradeOffView,
    TradePoint,
    Version,
    WorkspaceSpec,
)
from core.errors import Conflict, Refused
from core.fairness.measuring import Figures
from core.fairness.pareto import efficient
from core.services.catalogue import Catalogue
from core.services.fairness.asked import NO_ATTRIBUTE, USUAL, Question, attributes, question
from core.services.fairness.choosing import Choosing
from core.services.fairness.measuring import MEASURED_ON, Compared, Measuring
from core.services.fairness.searching import Searching
from core.services.fairness.steps import THRESHOLDS, title_of, words_of
from core.services.jobs import JobContext
from core.services.runtime import Runtime
from core.storage import actors, audit, jobs, runs, trade_points, verdicts, versions
from core.storage.chain import Subject
from core.storage.trade_points import StoredTradePoint

WAITING = ("champion", "candidate")


@dataclass(frozen=True, slots=True)
class TradeOff:
    """Searches, shows and chooses."""

    runtime: Runtime
    catalogue: Catalogue
    measuring: Measuring
    searching: Searching
    choosing: Choosing

    def trade_off(
        self,
        workspace: str,
        *,
        target: str | None = None,
        attribute: str | None = None,
        metric: GapMetric | None = None,
    ) -> TradeOffView:
        """Return the trade-off as it stands: champion, candidates, and the points of the last search."""
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, workspace)
        if not attributes(spec) or found.champion is None:
            note = "No version serves yet. Wait for the first training." if attributes(spec) else NO_ATTRIBUTE
            return _empty(workspace, spec, target, metric, note)
        asked = question(spec, target, attribute, metric)
        try:
            compared = self.measuring.cases(workspace, asked.target.name)
        except Refused as error:
            return _empty(workspace, spec, asked.target.name, asked.metric, str(error))
        points = self._points(compared, asked)
        with self.runtime.database.read() as tx:
            job = jobs.latest(tx, workspace, "tradeoff")
        return TradeOffView(
            workspace=workspace,
            target=asked.target.name,
            attribute=asked.attribute,
            attributes=attributes(spec),
            metric=asked.metric,
            points=_flagged(points, asked.metric),
            n=len(compared.cases),
            measured_on=MEASURED_ON,
            job_id=job.id if job else None,
            status=job.status if job else None,
            progress=job.progress if job and job.status in ("queued", "running") else None,
            error=job.error if job else None,
            created=job.created if job else None,
        )

    def search(
        self,
        workspace: str,
        *,
        actor: Actor,
        target: str | None = None,
        attribute: str | None = None,
        metric: GapMetric = USUAL,
    ) -> TradeOffView:
        """Ask the worker to train models along the trade-off; the search that is under way is returned.

        Raises
        ------
        Refused
            When the workspace has no sensitive attribute, or its model can't be retrained.
        Conflict
            When no version serves yet.
        """
        with self.runtime.database.write() as tx:
            actors.ensure(tx, actor)
            found = self.catalogue.locked(tx, workspace)
            spec = self.runtime.spec(found)
            asked = question(spec, target, attribute, metric)
            if found.champion is None:
                raise Conflict(f"Workspace {workspace!r} has no champion yet. Wait for its first training.")
            _refuse_fixed(spec)
            given = ",".join(str(verdict.id) for verdict in verdicts.standing(tx, found.id))
            what: Subject = {"target": asked.target.name, "attribute": asked.attribute, "metric": asked.metric}
            payload = {**what, "parent": found.champion, "verdicts": given}
            job = jobs.add(tx, NewJob("tradeoff", workspace, payload, actor.id, key=f"tradeoff:{found.id}"))
            subject: Subject = {**what, "act": "search", "job": job.id}
            audit.append(tx, actor_id=actor.id, kind="trade-off", workspace=workspace, subject=subject)
            running = job.payload
        return self.trade_off(
            workspace,
            target=str(running["target"]),
            attribute=str(running["attribute"]),
            metric=metric if running["metric"] == metric else None,
        )

    def cancel(self, workspace: str, *, actor: Actor) -> None:
        """Ask the running search to stop; the points that it has stay.

        Raises
        ------
        Conflict
            When none is under way.
        """
        with self.runtime.database.write() as tx:
            actors.ensure(tx, actor)
            newest = jobs.latest(tx, workspace, "tradeoff")
            if newest is None or newest.status not in ("queued", "running"):
                raise Conflict("No search along the trade-off is under way.")
            jobs.request_cancel(tx, newest.id)
            subject: Subject = {"act": "cancel", "job": newest.id}
            audit.append(tx, actor_id=actor.id, kind="trade-off", workspace=workspace, subject=subject)

    def choose(self, workspace: str, point: int, *, actor: Actor) -> RunView:
        """Make a point a candidate; its gate follows. See `Choosing.choose`."""
        return self.choosing.choose(workspace, point, actor=actor)

    def work(self, job: Job, context: JobContext) -> None:
        """Carry out a search (the worker's part)."""
        self.searching.work(job, context)

    def _points(self, compared: Compared, asked: Question) -> list[TradePoint]:
        """Return the versions that serve or wait, then the models of the last search, some of which are versions."""
        number = compared.workspace.id
        with self.runtime.database.read() as tx:
            stored = trade_points.latest(tx, number, asked.target.name, asked.attribute)
            known = [one for one in versions.list_versions(tx, number) if one.status in WAITING]
            made_by = {version.name: _made_by(tx, version) for version in known}
        became, standing = {point.version for point in stored}, {one.name: _standing(one) for one in known}
        others = [
            _version_point(one, *made_by[one.name], self.measuring.of_version(one, compared, asked), asked)
            for one in known
            if one.name not in became
        ]
        return [*others, *(_point(point, standing) for point in stored)]


def _refuse_fixed(spec: WorkspaceSpec) -> None:
    if spec.model is not None and spec.model.head is None:
        raise Refused(
            f"The model of {spec.name!r} can't be retrained: its workspace file names no `head`. Import it with one "
            "under another name."
        )


def _made_by(tx: Connection, version: Version) -> tuple[str, float | None]:
    """Return the strategy that made a version, and the gap that it was to stay under."""
    run = runs.get(tx, version.run_id) if version.run_id is not None else None
    if run is None:
        return "labels", None
    aim = run.plan.aim
    limited = aim is not None and run.strategy == "constrained"
    return (run.outcome.delivered if run.outcome else run.strategy), aim.limit if aim is not None and limited else None


def _version_point(version: Version, strategy: str, limit: float | None, found: Figures, asked: Question) -> TradePoint:
    return TradePoint(
        id=None,
        strategy=strategy,
        title=_standing(version),
        limit=limit,
        accuracy=found.accuracy,
        demographic_parity=found.demographic_parity,
        equalised_odds=found.equalised_odds,
        version=version.name,
        efficient=False,
        words=words_of(strategy, asked.attribute) if strategy == THRESHOLDS else "",
    )


def _standing(version: Version) -> str:
    return f"{version.name}, {'which serves' if version.status == 'champion' else 'which waits for a decision'}"


def _point(stored: StoredTradePoint, standing: Mapping[str, str]) -> TradePoint:
    what = stored.what
    under = "" if what.limit is None else f" of {what.limit:g}"
    figures = what.figures
    became = f": {standing.get(stored.version, stored.version)}" if stored.version else ""
    return TradePoint(
        id=stored.id,
        strategy=what.strategy,
        title=f"{title_of(what.strategy)}{under}{became}",
        limit=what.limit,
        accuracy=figures.accuracy,
        demographic_parity=figures.demographic_parity,
        equalised_odds=figures.equalised_odds,
        version=stored.version,
        efficient=False,
        words=f"{words_of(what.strategy, what.attribute)} {figures.words}".strip(),
    )


def _flagged(points: Sequence[TradePoint], metric: GapMetric) -> tuple[TradePoint, ...]:
    """Return the points with which of them no other one beats, in accuracy and the gap that is asked for."""
    parity = metric == "demographic_parity"
    gaps = [(point.demographic_parity if parity else point.equalised_odds).value for point in points]
    best = efficient([point.accuracy.value for point in points], gaps)
    return tuple(replace(point, efficient=flag) for point, flag in zip(points, best, strict=True))


def _empty(
    workspace: str, spec: WorkspaceSpec, target: str | None, metric: GapMetric | None, note: str
) -> TradeOffView:
    return TradeOffView(
        workspace=workspace,
        target=target or spec.targets[0].name,
        attribute=None,
        attributes=attributes(spec),
        metric=metric or USUAL,
        points=(),
        n=0,
        measured_on="",
        job_id=None,
        status=None,
        progress=None,
        error=None,
        created=None,
        note=note,
    )
