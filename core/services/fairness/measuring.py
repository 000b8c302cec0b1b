"""Measures models of a trade-off on the same validation cases."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from torch import Tensor

from core.contracts import Case, Version, Workspace, WorkspaceSpec
from core.errors import Refused
from core.fairness.intervals import Array
from core.fairness.measuring import Cases, Figures, figures
from core.learning.behaviour import probabilities
from core.models.deciding import decided, known_of
from core.models.examples import Examples
from core.models.registry import LoadedModel, SavedVersion, load_version
from core.services.casebook import Casebook, References
from core.services.catalogue import Catalogue
from core.services.embeddings import Silent
from core.services.fairness.asked import Question
from core.services.runtime import Cache, Runtime
from core.services.scoring import Scoring
from core.storage import cases as stored_cases
from core.storage import labels

MEASURED_ON = (
    "validation cases: no weights learnt from them, but trainings stop by them, so they flatter a little. A candidate "
    "is measured again by the gate, on the ledger."
)
Key = tuple[str, str, str, int, tuple[int, int]]
"""Version's hash, target, attribute, latest label, state of the inputs."""


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """The labelled validation cases of a workspace."""

    workspace: Workspace
    spec: WorkspaceSpec
    cases: tuple[Case, ...]
    references: References


@dataclass(frozen=True, slots=True)
class Measuring:
    """Measures models on validation cases; what was measured is kept until a label or a case changes."""

    runtime: Runtime
    casebook: Casebook
    catalogue: Catalogue
    scoring: Scoring
    kept: Cache[Key, Figures] = field(default_factory=lambda: Cache(256))

    def cases(self, workspace: str, target: str, until: datetime | None = None) -> Compared:
        """Return the validation cases whose label is known (as they stood `until` then).

        Raises
        ------
        Refused
            When there is none.
        """
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, workspace)
            references = self.catalogue.references(tx, found, until=until)
            everything = self.catalogue.cases(tx, found, "validation")
        known = references.get(target, {})
        own = tuple(case for case in everything if case.id in known and (until is None or case.created <= until))
        if not own:
            raise Refused(f"No validation case of {workspace!r} has a label of {target!r}. Import cases with labels.")
        return Compared(found, spec, own, references)

    def measure(self, model: LoadedModel, compared: Compared, question: Question) -> Figures:
        """Measure a model."""
        examples = self.casebook.examples(compared.cases, compared.spec, compared.references)
        answers = self.answers(model, examples)
        truth = examples.labels[question.target.name].numpy()
        inside = truth >= 0
        rows = [case for case, keep in zip(compared.cases, inside, strict=True) if keep]
        scores = probabilities(model, answers, question.target.name)[inside]
        calibration = model.manifest.target(question.target.name)
        chosen = decided(calibration.group_thresholds, calibration.classes, scores, [known_of(case) for case in rows])
        judged = Cases(
            truth[inside], [case.attributes for case in rows], [case.group for case in rows], compared.spec.split.seed
        )
        minimum = compared.spec.gate.minimum_group
        return figures(judged, chosen, question.positive, question.attribute, minimum)

    def of_version(self, version: Version, compared: Compared, question: Question) -> Figures:
        """Measure a version, once for each state of labels and inputs."""
        with self.runtime.database.read() as tx:
            number = compared.workspace.id
            state = labels.newest(tx, number), stored_cases.state_of_inputs(tx, number)
        key = (version.sha256, question.target.name, question.attribute, *state)
        return self.kept.get(
            key, lambda: self.measure(self.catalogue.model(compared.workspace, version.name), compared, question)
        )

    def answers(self, model: LoadedModel, examples: Examples) -> Mapping[str, Tensor]:
        """Return a model's logits [n, classes] by target."""
        return self.scoring.logits(model, examples, Silent())

    def positive_scores(self, model: LoadedModel, examples: Examples, question: Question) -> Array:
        """Return the calibrated probabilities of the positive class, [n]."""
        answers = self.answers(model, examples)
        return np.asarray(probabilities(model, answers, question.target.name)[:, question.positive])

    def loaded(self, saved: SavedVersion) -> LoadedModel:
        """Return a stored model that is no version yet, in memory."""
        unregistered = Version(
            0, "a model of the trade-off", 0, 0, None, None, saved.weights, saved.manifest, saved.sha256, "candidate",
            datetime.now(UTC),
        )  # fmt: skip
        return load_version(self.runtime.blobs, unregistered, self.runtime.device)
