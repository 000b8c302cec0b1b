"""Feedback, runs, gate and decisions, as one page and one CLI see them."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.contracts import (
    Actor,
    Decision,
    DecisionKind,
    Estimate,
    GateReport,
    NewJob,
    Progress,
    RetrainingView,
    Run,
    RunPlan,
    RunView,
    Workspace,
    WorkspaceSpec,
)
from core.errors import Conflict, Refused
from core.fairness.membership import JOINT
from core.learning.strategies.auto import AUTO
from core.learning.strategies.base import Strategy
from core.learning.strategies.constrained import ConstrainedStrategy
from core.learning.strategies.registry import strategy as strategy_of
from core.services.catalogue import Catalogue
from core.services.curves import curve_of
from core.services.decisions import Choice, Deciding, roll_back_target, waiting_candidate
from core.services.feedback import Feedback
from core.services.gating import Gating
from core.services.run_views import run_view
from core.services.runtime import Runtime
from core.services.scoring import Scoring
from core.storage import actors, audit, decisions, gates, jobs, runs, verdicts, versions
from core.storage.chain import Subject

CONSTRAINED = ConstrainedStrategy.name
WITHOUT_VERDICTS = ("fairness", "robustness")
"""Families that have something to do before anybody gave a verdict."""


@dataclass(frozen=True, slots=True)
class Retraining:
    """The lead's verbs."""

    runtime: Runtime
    catalogue: Catalogue
    feedback: Feedback
    gating: Gating
    scoring: Scoring
    deciding: Deciding

    def view(self, workspace: str, *, reader: Actor | None = None) -> RetrainingView:
        """Return everything on the retraining page, without the cases that `reader` may still read blind."""
        with self.runtime.database.read() as tx:
            found, _ = self.catalogue.workspace(tx, workspace)
            candidate = waiting_candidate(tx, found)
            report = gates.get(tx, versions.get(tx, found.id, candidate).id) if candidate else None
            latest = runs.latest(tx, found.id, "retrain")
            run = run_view(tx, latest) if latest else None
            gate_job = jobs.latest(tx, workspace, "gate")
            stored = versions.list_versions(tx, found.id)
            taken = decisions.list_decisions(tx, found.id)
            target = roll_back_target(tx, found)
            curve = curve_of(tx, found.id)
        running = gate_job if gate_job and gate_job.status in ("queued", "running") else None
        return RetrainingView(
            workspace=workspace,
            champion=found.champion,
            feedback=self.feedback.view(workspace, reader),
            run=run,
            candidate=candidate,
            gate_job=(running.progress or Progress("waiting for the worker")) if running else None,
            report=report,
            changed=self.feedback.changed(workspace, report),
            versions=self.feedback.versions(workspace, stored),
            decisions=taken,
            can_roll_back_to=target,
            curve=curve,
        )

    def start(
        self,
        workspace: str,
        *,
        actor: Actor,
        strategy: str | None = None,
        use_regions: bool = True,
        plan: RunPlan | None = None,
    ) -> RunView:
        """Ask the worker for a retraining; the one that is already under way is returned instead.

        Raises
        ------
        Refused
            When nobody gave a verdict yet, or the model can't be retrained as asked.
        NotFound
            When the strategy is unknown.
        """
        asked = plan or RunPlan()
        with self.runtime.database.write() as tx:
            actors.ensure(tx, actor)
            found = self.catalogue.locked(tx, workspace)
            spec = self.runtime.spec(found)
            usual = spec.training.strategy if asked.aim is None else CONSTRAINED
            chosen = strategy_of(strategy or usual)
            given = verdicts.standing(tx, found.id)
            _refuse(found, spec, asked, chosen, len(given))
            busy = runs.latest(tx, found.id, "retrain")
            if busy is not None and busy.status in ("queued", "running"):
                return run_view(tx, busy)
            run = runs.add(
                tx,
                found.id,
                "retrain",
                chosen.name,
                spec.training.seed,
                use_regions,
                tuple(verdict.id for verdict in given),
                found.champion,
                asked,
            )
            job = jobs.add(tx, NewJob("retrain", workspace, {"run": run.id}, actor.id, key=f"run:{run.id}"))
            runs.set_job(tx, run.id, job.id)
            audit.append(tx, actor_id=actor.id, kind="retrain", workspace=workspace, subject=_subject(run))
            return run_view(tx, runs.get(tx, run.id))

    def run(self, workspace: str, number: int | None = None) -> RunView | None:
        """Return the latest retraining, or the one with this number, live."""
        with self.runtime.database.read() as tx:
            found, _ = self.catalogue.workspace(tx, workspace)
            asked = runs.latest(tx, found.id, "retrain") if number is None else runs.get(tx, number)
            return run_view(tx, asked) if asked else None

    def cancel(self, workspace: str, *, actor: Actor) -> None:
        """Ask the running retraining to stop."""
        with self.runtime.database.write() as tx:
            actors.ensure(tx, actor)
            found, _ = self.catalogue.workspace(tx, workspace)
            latest = runs.latest(tx, found.id, "retrain")
            if latest is None or latest.job_id is None or latest.status not in ("queued", "running"):
                raise Conflict("No retraining is under way.")
            jobs.request_cancel(tx, latest.job_id)
            audit.append(tx, actor_id=actor.id, kind="cancel", workspace=workspace, subject={"run": latest.id})

    def gate(self, workspace: str, version: str, *, actor: Actor) -> GateReport:
        """Measure a version now and keep the report."""
        report = self.gating.measure(workspace, version)
        with self.runtime.database.write() as tx:
            actors.ensure(tx, actor)
            self.gating.keep(tx, report, actor.id)
        return report

    def decide(
        self,
        workspace: str,
        kind: DecisionKind,
        version: str | None,
        reason: str,
        *,
        actor: Actor,
        override: bool = False,
        acknowledge: bool = False,
        expected_champion: str | None = None,
    ) -> Decision:
        """Promote, reject or roll back; see `core.services.decisions`."""
        choice = Choice(kind, version, reason, override, acknowledge, expected_champion)
        return self.deciding.decide(workspace, choice, actor)

    def metrics(self, workspace: str, version: str) -> Mapping[str, Mapping[str, Estimate]]:
        """Return target -> figure name -> estimate on the ledger."""
        with self.runtime.database.read() as tx:
            _, spec = self.catalogue.workspace(tx, workspace)
        return {target.name: self.scoring.figures(workspace, version, target.name) for target in spec.targets}


def _refuse(workspace: Workspace, spec: WorkspaceSpec, plan: RunPlan, chosen: Strategy, verdicts_given: int) -> None:
    """Refuse a retraining that can't be done."""
    if spec.model is not None and spec.model.head is None:
        raise Refused(
            f"The model of {workspace.name!r} can't be retrained: its workspace file names no `head`, the "
            "torch.nn.Linear that gives the logits. Import it with one under another name."
        )
    if spec.model is not None and plan.scope == "last blocks":
        raise Refused("A model of one's own trains its head alone. Choose the scope 'head' or 'all'.")
    if workspace.champion is None:
        raise Conflict(f"Workspace {workspace.name!r} has no champion yet. Wait for its first training.")
    _refuse_aim(spec, plan, chosen)
    if not verdicts_given and plan.aim is None and chosen.family not in WITHOUT_VERDICTS:
        raise Refused("There is nothing to learn from yet: give at least one verdict first.")
    if plan.budget_seconds <= 0:
        raise Refused(f"The time to try strategies is {plan.budget_seconds:g} seconds. Give more than 0.")


def _refuse_aim(spec: WorkspaceSpec, plan: RunPlan, chosen: Strategy) -> None:
    """Refuse a gap that can't be aimed at."""
    aim = plan.aim
    if aim is None:
        return
    if chosen.family != "fairness" and chosen.name != AUTO:
        raise Refused(
            f"Strategy {chosen.name!r} does not look at groups. Choose {CONSTRAINED!r}, or leave out the attribute."
        )
    known = [attribute.name for attribute in spec.attributes if attribute.sensitive]
    if any(name not in known for name in aim.attribute.split(JOINT)):
        raise Refused(
            f"{aim.attribute!r} is no sensitive attribute of the workspace. Known: {', '.join(known) or 'none'}."
        )
    targets = [target.name for target in spec.targets]
    if aim.target is not None and aim.target not in targets:
        raise Refused(f"The workspace asks no question {aim.target!r}. Known: {', '.join(targets)}.")
    if not 0.0 <= aim.limit <= 1.0:
        raise Refused(f"The limit of the gap is {aim.limit:g}. Give a share from 0 to 1.")


def _subject(run: Run) -> Subject:
    """Return what the record keeps of a run that was asked for."""
    plan: Subject = {"start": run.plan.start, "scope": run.plan.scope}
    what: Subject = {"run": run.id, "strategy": run.strategy, "verdicts": len(run.verdict_ids)}
    return {**what, "regions": run.use_regions, **plan}
