"""Training a version from the database: assemble, retrain, calibrate, store. Run by the worker."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from core.contracts import (
    Case,
    Checkpointer,
    NewVersion,
    Progress,
    ProgressReporter,
    Region,
    Run,
    RunOutcome,
    Verdict,
    Version,
    Workspace,
    WorkspaceSpec,
)
from core.errors import UserError
from core.fairness.membership import Membership, grouped_by, membership
from core.learning.assembly import TrainingSet, assemble, refuse_untrainable
from core.learning.mark_checks import named
from core.learning.retraining import Retrained, Task, retrain, train_control
from core.learning.strategies.registry import strategy
from core.learning.task import Remembered, reads_alike
from core.models.embedding import condense
from core.models.examples import Examples
from core.models.network import TandemNetwork, build_network
from core.models.registry import SavedVersion
from core.services.calibrating import Calibrating, Described, figures_of
from core.services.casebook import Casebook, References
from core.services.catalogue import Catalogue
from core.services.embeddings import stored_embeddings
from core.services.labelling import label_trust
from core.services.own_models import OwnModels
from core.services.runtime import Runtime
from core.storage import controls, regions, runs, verdicts, versions

CONTROL = "control"
"""What the manifest of a control model names as its strategy."""
TYPICAL = 256
"""Training cases whose mean is where explanations of a model of one's own start from."""


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that one training reads from the database, taken in one transaction."""

    workspace: Workspace
    spec: WorkspaceSpec
    cases: dict[int, Case]
    references: References
    regions: tuple[Region, ...]
    chosen: TrainingSet
    verdicts: tuple[Verdict, ...] = ()
    """Those that stood when the run was asked for."""

    def rows(self, ids: Sequence[int]) -> list[Case]:
        """Return cases by id, in order."""
        return [self.cases[case_id] for case_id in ids]


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training left in the blobs; nothing of it is registered yet."""

    material: Material
    run: Run
    saved: SavedVersion | None
    """The new version; None where the parent stays, for nothing was better."""
    outcome: RunOutcome | None = None
    control: SavedVersion | None = None
    """What the effect of marks is held against; None for a training without marks."""


@dataclass(frozen=True, slots=True)
class Training:
    """Trains versions."""

    runtime: Runtime
    casebook: Casebook
    catalogue: Catalogue
    own: OwnModels
    calibrating: Calibrating

    def train(self, workspace: str, run: Run, reporter: ProgressReporter, checkpointer: Checkpointer) -> Trained:
        """Carry out `run`, and its control run where marks taught the result; store their blobs.

        Raises
        ------
        Refused
            When there is nothing to train on.
        Cancelled
            When somebody asked the job to stop.
        """
        material = self.material(workspace, run)
        reporter.report(Progress("preparing the cases"))
        task = self._task(material, run, reporter, checkpointer)
        done = retrain(task)
        outcome = _with_names(done.outcome, material.cases)
        if done.is_parent:
            return Trained(material, run, None, outcome)
        saved = self._save(task, material, run, done, reporter)
        guided = len(task.marked) > 0 and strategy(outcome.delivered).uses_regions
        control = self._control(task, material, run, done, reporter) if guided else None
        return Trained(material, run, saved, outcome, control)

    def adopt(self, workspace: str, run: Run, weights: str, reporter: ProgressReporter) -> Trained:
        """Make a version of the model that the workspace brings, as it is: checked and calibrated, not trained.

        Raises
        ------
        BadInput
            When the model fails a check in this process; its weights are the blob `weights`.
        """
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, workspace)
            known = {case.id: case for case in self.catalogue.cases(tx, found)}
            references = self.catalogue.references(tx, found)
        material = Material(found, spec, known, references, (), TrainingSet((), (), (), ()))
        reporter.report(Progress("checking the model"))
        network, _ = self.own.adopted(spec, self.runtime.blobs.get(weights), tuple(known.values()))
        typical = [case.id for case in known.values() if case.split == "train"][:TYPICAL]
        if typical:
            network.fit_inputs(self._examples(material, typical).inputs)
        reporter.report(Progress("calibrating"))
        described = Described(found, spec, run, run.strategy)
        saved = self.calibrating.save(network, described, tuple(known.values()), references, reporter)
        return Trained(material, run, saved)

    def register(self, tx: Connection, trained: Trained) -> Version:
        """Register what was trained as a candidate; the database refuses it if a ledger case trained it.

        Raises
        ------
        UserError
            When the parent stays, so that there is nothing to register.
        """
        material, run, saved = trained.material, trained.run, trained.saved
        if saved is None:
            raise UserError(f"Run {run.id} left no new version: {trained.outcome.words if trained.outcome else ''}")
        runs.record_training_cases(tx, run.id, material.chosen.everything)
        version = versions.add(
            tx,
            NewVersion(
                workspace_id=material.workspace.id,
                revision_id=material.workspace.revision_id,
                run_id=run.id,
                parent=run.parent,
                weights=saved.weights,
                manifest=saved.manifest,
                sha256=saved.sha256,
            ),
        )
        if trained.control is not None:
            kept = trained.control
            controls.add(tx, controls.Control(run.id, kept.weights, kept.manifest, kept.sha256))
        runs.finish(tx, run.id, "done", version=version.name, outcome=trained.outcome)
        return version

    def keep_parent(self, tx: Connection, trained: Trained) -> None:
        """End a run that had no effect: its version is the parent."""
        run = trained.run
        runs.record_training_cases(tx, run.id, trained.material.chosen.everything)
        runs.finish(tx, run.id, "done", version=run.parent, outcome=trained.outcome)

    def material(self, workspace: str, run: Run) -> Material:
        """Return cases, labels and marks as they stood when the run was asked for, however late its job starts.

        Raises
        ------
        Refused
            When there is nothing to train on.
        """
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, workspace)
            everything = [case for case in self.catalogue.cases(tx, found) if case.created <= run.created]
            references = self.catalogue.references(tx, found, until=run.created)
            use_regions = run.use_regions and strategy(run.strategy).uses_regions
            marks = regions.of_run(tx, run.id) if use_regions else ()
            given = verdicts.by_ids(tx, run.verdict_ids)
        chosen = assemble(everything, references, marks, use_regions=use_regions)
        by_id = {case.id: case for case in everything}
        refuse_untrainable([by_id[case_id] for case_id in chosen.everything])
        return Material(found, spec, by_id, references, marks, chosen, given)

    def _task(self, material: Material, run: Run, reporter: ProgressReporter, checkpointer: Checkpointer) -> Task:
        chosen, spec = material.chosen, material.spec
        used = set(chosen.marked)
        marks = [region for region in material.regions if region.case_id in used]
        train = self._examples(material, [*chosen.train, *chosen.feedback])
        trust = label_trust(train.case_ids, material.references, material.verdicts)

        def look(network: TandemNetwork, examples: Examples) -> Examples:
            return condense(network, examples, self.runtime.device, reporter, stored_embeddings(self.runtime))

        condensed = Remembered(look)

        def build() -> TandemNetwork:
            network = self._network(material, run)
            network.fit_inputs(train.inputs)
            network.fit_standardiser(condensed(network, train).inputs)
            return network

        return Task(
            spec=spec,
            parent=self._parent(material, run),
            build=build,
            train=train,
            validation=self._examples(material, chosen.validation),
            marked=self.casebook.marked(material.cases, marks, spec, material.references),
            condense=condensed,
            device=self.runtime.device,
            seed=run.seed,
            reporter=reporter,
            strategy=run.strategy,
            label_weights=trust.weights,
            confirmed=trust.confirmed,
            checkpointer=checkpointer,
            plan=run.plan,
            groups=_groups(material, run, train.case_ids),
        )

    def _parent(self, material: Material, run: Run) -> TandemNetwork | None:
        """Return the network of the version that the run is to improve; None where it reads other inputs."""
        if run.parent is None:
            return None
        model = self.catalogue.model(material.workspace, run.parent)
        return model.network if reads_alike(model.spec, material.spec) else None

    def _network(self, material: Material, run: Run) -> TandemNetwork:
        """Return the network to train: a new one, or a copy of the parent's where the model is one's own."""
        if material.spec.model is not None and run.parent is not None:
            return self.own.of_version(material.workspace.id, run.parent)
        return build_network(material.spec, run.seed).to(self.runtime.device)

    def _save(
        self, task: Task, material: Material, run: Run, done: Retrained, reporter: ProgressReporter
    ) -> SavedVersion:
        reporter.report(Progress("calibrating", curve=done.fitted.curve))
        described = Described(
            material.workspace,
            material.spec,
            run,
            done.outcome.delivered,
            len(task.train),
            figures_of(done.fitted),
        )
        cases = tuple(material.cases.values())
        return self.calibrating.save(done.network, described, cases, material.references, reporter)

    def _control(
        self, task: Task, material: Material, run: Run, done: Retrained, reporter: ProgressReporter
    ) -> SavedVersion:
        network = train_control(task, done)
        described = Described(material.workspace, material.spec, run, CONTROL, len(task.train))
        cases = tuple(material.cases.values())
        return self.calibrating.save(network, described, cases, material.references, reporter)

    def _examples(self, material: Material, ids: Sequence[int]) -> Examples:
        return self.casebook.examples(material.rows(ids), material.spec, material.references)


def _groups(material: Material, run: Run, train: Sequence[int]) -> tuple[Membership, ...]:
    """Return who is in which group: of each sensitive attribute, and of what the run or a policy names."""
    rows, held_out = ([case.attributes for case in material.rows(ids)] for ids in (train, material.chosen.validation))
    return tuple(membership(rows, held_out, name) for name in grouped_by(material.spec, run.plan.aim))


def _with_names(outcome: RunOutcome, cases: dict[int, Case]) -> RunOutcome:
    """Return an outcome with the names of cases in place of their numbers."""
    names = {case_id: case.name for case_id, case in cases.items()}
    suspects = tuple(replace(suspect, case=names.get(int(suspect.case), suspect.case)) for suspect in outcome.suspects)
    return replace(outcome, warnings=named(outcome.warnings, names), suspects=suspects)
