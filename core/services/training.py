"""Training a version from the database: assemble, fit, calibrate, store. Run by the worker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from sqlalchemy import Connection
from torch import Tensor

from core.contracts import (
    Case,
    Checkpointer,
    NewVersion,
    Progress,
    ProgressReporter,
    Region,
    Run,
    Version,
    Workspace,
    WorkspaceSpec,
)
from core.learning.assembly import TrainingSet, assemble, refuse_untrainable
from core.learning.strategies.base import StrategyContext
from core.learning.strategies.registry import strategy
from core.models.calibration import fit_temperature, lac_threshold, softmax
from core.models.embedding import condense
from core.models.examples import Examples
from core.models.manifest import Manifest, TargetCalibration, library_versions
from core.models.network import TandemNetwork, build_network
from core.models.registry import SavedVersion, save_version
from core.models.supervised import all_logits
from core.models.training import FitResult, TrainingPlan, fit
from core.services.casebook import Casebook, References
from core.services.catalogue import Catalogue
from core.services.embeddings import stored_embeddings
from core.services.own_models import OwnModels
from core.services.runtime import Runtime
from core.storage import regions, runs, versions

MINIMUM_CALIBRATION = 2
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

    def rows(self, ids: Sequence[int]) -> list[Case]:
        """Return cases by id, in order."""
        return [self.cases[case_id] for case_id in ids]


@dataclass(frozen=True, slots=True)
class Trained:
    """A version whose blobs are stored and that is not registered yet."""

    material: Material
    saved: SavedVersion
    run: Run


@dataclass(frozen=True, slots=True)
class Training:
    """Trains versions."""

    runtime: Runtime
    casebook: Casebook
    catalogue: Catalogue
    own: OwnModels

    def train(self, workspace: str, run: Run, reporter: ProgressReporter, checkpointer: Checkpointer) -> Trained:
        """Train one version for `run` and store its blobs.

        Raises
        ------
        Refused
            When there is nothing to train on.
        Cancelled
            When somebody asked the job to stop.
        """
        material = self._material(workspace, run)
        network = self._network(material, run)
        context = self._context(material, network, run, reporter)
        network.fit_inputs(context.train.inputs)
        network.fit_standardiser(context.condense(context.train).inputs)
        plan = _plan(material.spec, run.seed)
        fitted = fit(network, strategy(run.strategy).objective(context), plan, reporter, checkpointer)
        reporter.report(Progress("calibrating", curve=fitted.curve))
        calibrated = self._calibrate(material, network, reporter)
        manifest = _manifest(material, network, run, calibrated, len(context.train), _figures(fitted))
        return Trained(material, save_version(self.runtime.blobs, network, manifest), run)

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
        calibrated = self._calibrate(material, network, reporter)
        manifest = _manifest(material, network, run, calibrated, 0, {})
        return Trained(material, save_version(self.runtime.blobs, network, manifest), run)

    def _network(self, material: Material, run: Run) -> TandemNetwork:
        """Return the network to train: a new one, or a copy of the parent's where the model is one's own."""
        if material.spec.model is not None and run.parent is not None:
            return self.own.of_version(material.workspace.id, run.parent)
        return build_network(material.spec, run.seed).to(self.runtime.device)

    def register(self, tx: Connection, trained: Trained) -> Version:
        """Register a trained version as a candidate; the database refuses it if a ledger case trained it."""
        material, run = trained.material, trained.run
        runs.record_training_cases(tx, run.id, material.chosen.everything)
        version = versions.add(
            tx,
            NewVersion(
                workspace_id=material.workspace.id,
                revision_id=material.workspace.revision_id,
                run_id=run.id,
                parent=run.parent,
                weights=trained.saved.weights,
                manifest=trained.saved.manifest,
                sha256=trained.saved.sha256,
            ),
        )
        runs.finish(tx, run.id, "done", version=version.name)
        return version

    def _material(self, workspace: str, run: Run) -> Material:
        """Return cases, labels and marks as they stood when the run was asked for, however late its job starts."""
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, workspace)
            everything = [case for case in self.catalogue.cases(tx, found) if case.created <= run.created]
            references = self.catalogue.references(tx, found, until=run.created)
            marks = regions.of_run(tx, run.id)
        use_regions = run.use_regions and strategy(run.strategy).uses_regions
        chosen = assemble(everything, references, marks, use_regions=use_regions)
        by_id = {case.id: case for case in everything}
        refuse_untrainable([by_id[case_id] for case_id in chosen.everything])
        return Material(found, spec, by_id, references, marks, chosen)

    def _context(
        self, material: Material, network: TandemNetwork, run: Run, reporter: ProgressReporter
    ) -> StrategyContext:
        chosen, spec = material.chosen, material.spec
        reporter.report(Progress("preparing the cases"))
        used = set(chosen.marked)
        marks = [region for region in material.regions if region.case_id in used]
        return StrategyContext(
            spec=spec,
            network=network,
            train=self._examples(material, [*chosen.train, *chosen.feedback]),
            validation=self._examples(material, chosen.validation),
            marked=self.casebook.marked(material.cases, marks, spec, material.references),
            condense=lambda examples: self._condense(network, examples, reporter),
            device=self.runtime.device,
            seed=run.seed,
            reporter=reporter,
        )

    def _examples(self, material: Material, ids: Sequence[int]) -> Examples:
        return self.casebook.examples(material.rows(ids), material.spec, material.references)

    def _condense(self, network: TandemNetwork, examples: Examples, reporter: ProgressReporter) -> Examples:
        return condense(network, examples, self.runtime.device, reporter, stored_embeddings(self.runtime))

    def _calibrate(
        self, material: Material, network: TandemNetwork, reporter: ProgressReporter
    ) -> tuple[TargetCalibration, ...]:
        held_out = [case.id for case in material.cases.values() if case.split == "calibration"]
        examples = self._examples(material, held_out) if held_out else None
        answers = self._logits(network, examples, reporter) if examples is not None else {}
        return tuple(
            _calibration(
                material.spec, target.name, answers.get(target.name), examples.labels[target.name] if examples else None
            )
            for target in material.spec.targets
        )

    def _logits(self, network: TandemNetwork, examples: Examples, reporter: ProgressReporter) -> dict[str, Tensor]:
        network.eval()
        with torch.no_grad():
            return all_logits(network, self._condense(network, examples, reporter), self.runtime.device)


def _calibration(spec: WorkspaceSpec, target: str, logits: Tensor | None, labels: Tensor | None) -> TargetCalibration:
    """Fit temperature and conformal threshold on the labelled calibration cases of one target."""
    classes, coverage = spec.target(target).classes, spec.reading.coverage
    if logits is None or labels is None or int((labels >= 0).sum()) < MINIMUM_CALIBRATION:
        return TargetCalibration(target=target, classes=classes, coverage=coverage, output_sd=(1.0,) * len(classes))
    known = labels >= 0
    scores, truth = logits.cpu().double()[known].numpy(), labels[known].numpy()
    temperature = fit_temperature(scores, truth)
    threshold = lac_threshold(softmax(scores, temperature), truth, coverage)
    return TargetCalibration(
        target=target,
        classes=classes,
        temperature=temperature,
        threshold=min(1.0, max(0.0, float(threshold))),
        coverage=coverage,
        calibration_n=len(truth),
        output_sd=tuple(float(value) for value in logits.cpu().double().std(dim=0)),
    )


def _plan(spec: WorkspaceSpec, seed: int) -> TrainingPlan:
    training = spec.training
    return TrainingPlan(
        seed=seed,
        epochs=training.epochs,
        batch_size=training.batch_size,
        learning_rate=training.learning_rate,
        weight_decay=training.weight_decay,
    )


def _figures(fitted: FitResult) -> dict[str, float]:
    return {"best_step": fitted.best_step, "validation_score": fitted.best_score, "seconds": fitted.seconds}


def _manifest(
    material: Material,
    network: TandemNetwork,
    run: Run,
    calibrated: tuple[TargetCalibration, ...],
    training_n: int,
    figures: Mapping[str, float],
) -> Manifest:
    return Manifest(
        workspace=material.spec.name,
        revision=material.workspace.revision,
        spec=material.spec,
        targets=calibrated,
        encoder_key=network.embedding_key,
        strategy=run.strategy,
        seed=run.seed,
        parent=run.parent,
        training_n=training_n,
        figures=figures,
        libraries=library_versions(),
    )
