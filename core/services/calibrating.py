"""Calibration of a trained network, and the manifest that says what it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.contracts import Case, ProgressReporter, Run, Workspace, WorkspaceSpec
from core.models.calibration import fit_temperature, lac_threshold, softmax
from core.models.embedding import condense
from core.models.examples import Examples
from core.models.manifest import Manifest, TargetCalibration, library_versions
from core.models.network import TandemNetwork
from core.models.registry import SavedVersion, save_version
from core.models.supervised import all_logits
from core.models.training import FitResult
from core.services.casebook import Casebook, References
from core.services.embeddings import stored_embeddings
from core.services.runtime import Runtime

MINIMUM_CALIBRATION = 2


@dataclass(frozen=True, slots=True)
class Described:
    """What a manifest says of a version besides its calibration."""

    workspace: Workspace
    spec: WorkspaceSpec
    run: Run
    strategy: str
    training_n: int = 0
    figures: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Calibrating:
    """Calibrates networks on the calibration split and stores them."""

    runtime: Runtime
    casebook: Casebook

    def save(
        self,
        network: TandemNetwork,
        described: Described,
        cases: Sequence[Case],
        references: References,
        reporter: ProgressReporter,
    ) -> SavedVersion:
        """Calibrate a network on those of `cases` that are for it, and store weights and manifest."""
        spec = described.spec
        held_out = [case for case in cases if case.split == "calibration"]
        examples = self.casebook.examples(held_out, spec, references) if held_out else None
        answers = self._logits(network, examples, reporter) if examples is not None else {}
        calibrated = tuple(
            _calibration(
                spec, target.name, answers.get(target.name), examples.labels[target.name] if examples else None
            )
            for target in spec.targets
        )
        return save_version(self.runtime.blobs, network, _manifest(described, network, calibrated))

    def _logits(self, network: TandemNetwork, examples: Examples, reporter: ProgressReporter) -> dict[str, Tensor]:
        device = self.runtime.device
        network.eval()
        with torch.no_grad():
            condensed = condense(network, examples, device, reporter, stored_embeddings(self.runtime))
            return all_logits(network, condensed, device)


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


def figures_of(fitted: FitResult) -> dict[str, float]:
    """Return the figures of a training as the manifest keeps them."""
    return {"best_step": fitted.best_step, "validation_score": fitted.best_score, "seconds": fitted.seconds}


def _manifest(described: Described, network: TandemNetwork, calibrated: tuple[TargetCalibration, ...]) -> Manifest:
    run = described.run
    return Manifest(
        workspace=described.spec.name,
        revision=described.workspace.revision,
        spec=described.spec,
        targets=calibrated,
        encoder_key=network.embedding_key,
        strategy=described.strategy,
        seed=run.seed,
        parent=run.parent,
        training_n=described.training_n,
        figures=described.figures or {},
        libraries=library_versions(),
    )
