"""Answers of a version for many cases at once, kept: they order the queue and measure the version."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from core.contracts import Case, Estimate, ProgressReporter, Split, Version, WorkspaceSpec
from core.learning.metrics import ledger_figures
from core.learning.statistics import Array, Resampler
from core.models.calibration import calibrated
from core.models.deciding import Chosen
from core.models.embedding import condense
from core.models.examples import Examples
from core.models.registry import LoadedModel
from core.models.supervised import all_logits
from core.services.casebook import Casebook
from core.services.catalogue import Catalogue
from core.services.embeddings import Silent, stored_embeddings
from core.services.runtime import Cache, Runtime
from core.storage import cache, cases, labels, versions, workspaces

SCORED_SPLITS: tuple[Split, ...] = ("pool", "ledger")
FigureKey = tuple[int, str, int, tuple[int, int]]
"""Version, target, latest label, state of the inputs."""
Figures = dict[str, Estimate]


@dataclass(frozen=True, slots=True)
class Scoring:
    """Scores pool and ledger cases with a version, and measures it on the ledger."""

    runtime: Runtime
    casebook: Casebook
    catalogue: Catalogue
    kept: Cache[FigureKey, Figures] = field(default_factory=lambda: Cache(64))

    def score(self, workspace: str, version: str, reporter: ProgressReporter | None = None) -> None:
        """Compute and keep the calibrated probabilities of all pool and ledger cases that have none yet."""
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, workspace)
            stored = versions.get(tx, found.id, version)
            known = cache.scores(tx, stored.id, spec.targets[0].name)
            missing = [
                c for split in SCORED_SPLITS for c in self.catalogue.cases(tx, found, split) if c.id not in known
            ]
        if missing:
            model = self.catalogue.model(found, version)
            answers = self.logits(model, self.casebook.examples(missing, spec, {}), reporter or Silent())
            self._keep(stored, model, missing, answers)

    def logits(self, model: LoadedModel, examples: Examples, reporter: ProgressReporter) -> dict[str, Tensor]:
        """Return logits [n, K] per target, on cached vectors where an encoder is frozen."""
        caches = stored_embeddings(self.runtime)
        condensed = condense(model.network, examples, model.device, reporter, caches)
        with torch.no_grad():
            answers = all_logits(model.network, condensed, model.device)
        return {target: logits.cpu() for target, logits in answers.items()}

    def _keep(self, version: Version, model: LoadedModel, scored: Sequence[Case], answers: dict[str, Tensor]) -> None:
        with self.runtime.database.write() as tx:
            for target, logits in answers.items():
                rows = calibrated(model.manifest.target(target), logits.double().numpy()).tolist()
                cache.put_scores(
                    tx, version.id, target, {c.id: tuple(row) for c, row in zip(scored, rows, strict=True)}
                )

    def figures(self, workspace: str, version: str, target: str) -> Figures:
        """Return accuracy, AUROC and calibration error on the ledger, each with n and interval.

        Uses the scores that are kept; scores the version first when there are none. Kept until a label or a case
        changes.
        """
        with self.runtime.database.read() as tx:
            found = workspaces.get(tx, workspace)
            number = versions.get(tx, found.id, version).id
            key = (number, target, labels.newest(tx, found.id), cases.state_of_inputs(tx, found.id))
        return self.kept.get(key, lambda: self._figures(workspace, version, target))

    def _figures(self, workspace: str, version: str, target: str) -> Figures:
        self.score(workspace, version)
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, workspace)
            stored = versions.get(tx, found.id, version)
            probabilities = cache.scores(tx, stored.id, target)
            known = {i: r.label for i, r in labels.references(tx, found.id, target).items()}
            ledger = self.catalogue.cases(tx, found, "ledger")
        judged = [case for case in ledger if case.id in known and case.id in probabilities]
        rows = np.asarray([probabilities[case.id] for case in judged]).reshape(len(judged), -1)
        return _measure(
            spec, target, judged, rows, known, self.catalogue.decided(stored, spec.target(target), judged, rows)
        )


def _measure(
    spec: WorkspaceSpec,
    target: str,
    judged: Sequence[Case],
    rows: Array,
    labels: dict[int, str],
    chosen: Chosen,
) -> Figures:
    classes = spec.target(target).classes
    truth = np.asarray([classes.index(labels[case.id]) for case in judged], dtype=np.int64)
    resampler = Resampler.of_groups([case.group for case in judged], seed=spec.split.seed)
    return dict(ledger_figures(rows, truth, resampler, chosen))
