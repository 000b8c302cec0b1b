"""What if: the verbs of the page."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.contracts import (
    Actor,
    Case,
    Edit,
    EvidenceView,
    WhatIfCase,
    WhatIfView,
    Workspace,
    WorkspaceSpec,
)
from core.services.casebook import Casebook
from core.services.catalogue import Catalogue
from core.services.given import Given
from core.services.population import Populations
from core.services.predictions import Predictions
from core.services.runtime import Runtime
from core.services.verdicts import require_reads
from core.services.whatif.editing import edited, ranges
from core.services.whatif.warnings import warnings
from core.storage import reads


@dataclass(frozen=True, slots=True)
class Opened:
    """A stored case that this person may ask about."""

    workspace: Workspace
    spec: WorkspaceSpec
    case: Case


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Answers to edited cases. Nothing is stored, and nothing goes on record: no event tells of what was tried."""

    runtime: Runtime
    catalogue: Catalogue
    casebook: Casebook
    predictions: Predictions
    populations: Populations

    def open(self, workspace: str, case: str, *, actor: Actor) -> WhatIfCase:
        """Open a case for editing.

        Raises
        ------
        Refused
            Before this person's own read, in the blinded-first mode.
        """
        opened = self._open(workspace, case, actor)
        answered = self.predictions.answered(workspace, case)
        with self.runtime.database.read() as tx:
            populations = self.populations.of_case(tx, opened.workspace, opened.spec, opened.case)
            fields = self.predictions.views.fields(opened.case, opened.spec, populations)
        return WhatIfCase(
            workspace=workspace,
            case=case,
            version=answered.reveal.prediction.version,
            fields=fields,
            ranges=ranges(opened.spec, populations),
            targets=answered.targets,
            prediction=answered.reveal.prediction,
            methods=answered.reveal.methods,
        )

    def predict(self, workspace: str, case: str, edits: tuple[Edit, ...], *, actor: Actor) -> WhatIfView:
        """Answer the edited case.

        Raises
        ------
        BadInput
            When an edit can't be done: an unknown field, a number out of range, a mask of another size.
        """
        opened = self._open(workspace, case, actor)
        before = self.predictions.predict(workspace, case)
        answered = self.predictions.answered(workspace, self._given(opened, edits))
        with self.runtime.database.read() as tx:
            populations = self.populations.of_case(tx, opened.workspace, opened.spec, opened.case)
        said = warnings(answered.fields, populations)
        return WhatIfView(before=before, after=answered.reveal.prediction, fields=answered.fields, warnings=said)

    def explain(
        self,
        workspace: str,
        case: str,
        edits: tuple[Edit, ...],
        target: str,
        *,
        actor: Actor,
        method: str | None = None,
        label: str | None = None,
    ) -> EvidenceView:
        """Explain the answer to the edited case."""
        opened = self._open(workspace, case, actor)
        return self.predictions.evidence(workspace, self._given(opened, edits), method, label, target)

    def _given(self, opened: Opened, edits: Sequence[Edit]) -> Given:
        return edited(opened.case, opened.spec, edits, self.casebook, self.runtime)

    def _open(self, workspace: str, case: str, actor: Actor) -> Opened:
        with self.runtime.database.read() as tx:
            found, spec, stored = self.catalogue.case(tx, workspace, case)
            done = {read.target for read in reads.of_case(tx, stored.id, actor.id)}
        require_reads(spec, done)
        return Opened(found, spec, stored)
