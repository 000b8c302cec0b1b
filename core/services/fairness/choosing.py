"""Making a model of the trade-off a candidate: one transaction, on record, and its gate follows."""

from dataclasses import dataclass

from sqlalchemy import Connection

from core.contracts import Actor, NewJob, NewVersion, Run, RunOutcome, RunView, Version, Workspace
from core.errors import Refused
from core.learning.task import reads_alike
from core.services.catalogue import Catalogue
from core.services.fairness.asked import question
from core.services.fairness.searching import plan_of, verdict_ids
from core.services.fairness.steps import title_of, words_of
from core.services.run_views import run_view
from core.services.runtime import Runtime
from core.sources.workspace_file import parse_workspace
from core.storage import actors, audit, jobs, runs, trade_points, versions, workspaces
from core.storage.chain import Subject
from core.storage.trade_points import StoredTradePoint


@dataclass(frozen=True, slots=True)
class Choosing:
    """Turns points into candidates."""

    runtime: Runtime
    catalogue: Catalogue

    def choose(self, workspace: str, point: int, *, actor: Actor) -> RunView:
        """Make a point a candidate; one that was chosen before is returned as it is.

        Raises
        ------
        NotFound
            When there is no such point.
        Refused
            When the workspace's fields or targets changed since it was trained.
        """
        with self.runtime.database.write() as tx:
            actors.ensure(tx, actor)
            found = self.catalogue.locked(tx, workspace)
            chosen = trade_points.get(tx, found.id, point)
            if chosen.version is not None:
                return run_view(tx, runs.get(tx, versions.get(tx, found.id, chosen.version).run_id or 0))
            self._refuse_changed(tx, found, chosen)
            run = self._recorded(tx, found, chosen)
            version = _registered(tx, chosen, run)
            outcome = _outcome(chosen)
            runs.finish(tx, run.id, "done", version=version.name, outcome=outcome)
            trade_points.set_version(tx, chosen.id, version.name)
            jobs.add(tx, NewJob("gate", workspace, {"version": version.name}, actor.id, key=f"gate:{version.id}"))
            audit.append(
                tx, actor_id=actor.id, kind="trade-off", workspace=workspace, subject=_subject(chosen, run, version)
            )
            return run_view(tx, runs.get(tx, run.id))

    def _refuse_changed(self, tx: Connection, workspace: Workspace, chosen: StoredTradePoint) -> None:
        then = parse_workspace(workspaces.revision_toml(tx, chosen.what.revision_id), workspace.name)
        if not reads_alike(then, self.runtime.spec(workspace)):
            raise Refused(
                "The workspace's fields or targets changed since this model was trained. Search the trade-off again."
            )

    def _recorded(self, tx: Connection, workspace: Workspace, chosen: StoredTradePoint) -> Run:
        """Record the training as a run, with all cases that it learnt from."""
        what, spec = chosen.what, self.runtime.spec(workspace)
        asked = question(spec, what.target, what.attribute, what.metric)
        job = jobs.get(tx, what.job_id)
        plan = plan_of(asked, what.limit)
        run = runs.add(
            tx, workspace.id, "retrain", what.strategy, what.seed, False, verdict_ids(job), what.parent, plan
        )
        runs.record_training_cases(tx, run.id, what.figures.training_cases)
        return run


def _registered(tx: Connection, chosen: StoredTradePoint, run: Run) -> Version:
    what = chosen.what
    new = NewVersion(what.workspace_id, what.revision_id, run.id, what.parent, what.weights, what.manifest, what.sha256)
    return versions.add(tx, new)


def _outcome(chosen: StoredTradePoint) -> RunOutcome:
    """Return what the run came to, in words with what the model needs."""
    what = chosen.what
    words = f"Chosen from the trade-off: {title_of(what.strategy)}. {words_of(what.strategy, what.attribute)}"
    return RunOutcome(what.strategy, None, (), (), (), 0, f"{words} {what.figures.words}".strip())


def _subject(chosen: StoredTradePoint, run: Run, version: Version) -> Subject:
    """Return what the record keeps."""
    what = chosen.what
    return {
        "version": version.name,
        "parent": version.parent,
        "run": run.id,
        "point": chosen.id,
        "strategy": what.strategy,
        "attribute": what.attribute,
        "metric": what.metric,
        "limit": what.limit,
        "sha256": version.sha256,
    }
