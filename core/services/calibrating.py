"""Calibration of a trained network, and the manifest that says what it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.contracts import Case, ProgressReporter, Run, Workspace, WorkspaceSpec
from core.models.calibration.fitting import CalibrationCases, fit_calibration
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


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """Calibration cases with a network's logits."""

    examples: Examples
    logits: Mapping[str, Tensor]
    attributes: Sequence[Mapping[str, str]]


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
        known = None
        if examples is not None:
            attributes = [case.attributes for case in held_out]
            known = _Known(examples, self._logits(network, examples, reporter), attributes)
        calibrated = tuple(_calibration(spec, target.name, known) for target in spec.targets)
        return save_version(self.runtime.blobs, network, _manifest(described, network, calibrated))

    def _logits(self, network: TandemNetwork, examples: Examples, reporter: ProgressReporter) -> dict[str, Tensor]:
        device = self.runtime.device
        network.eval()
        with torch.no_grad():
            condensed = condense(network, examples, device, reporter, stored_embeddings(self.runtime))
            return all_logits(network, condensed, device)


def _calibration(spec: WorkspaceSpec, target: str, known: _Known | None) -> TargetCalibration:
    """Calibrate one target on its labelled calibration cases."""
    classes = spec.target(target).classes
    blank = TargetCalibration(target=target, classes=classes, coverage=spec.reading.coverage)
    if known is None or int((known.examples.labels[target] >= 0).sum()) < MINIMUM_CALIBRATION:
        return blank.model_copy(update={"output_sd": (1.0,) * len(classes)})
    logits, labels = known.logits[target].cpu().double(), known.examples.labels[target]
    deviations = tuple(float(value) for value in logits.std(dim=0))
    cases = CalibrationCases(logits.numpy(), labels.numpy(), known.examples.groups, known.attributes)
    item = blank.model_copy(update={"output_sd": deviations})
    return fit_calibration(item, spec.calibration, cases.some((labels >= 0).numpy()))


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
