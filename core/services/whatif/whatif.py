"""What if: the verbs of the page."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.contracts import (
    Actor,
    Constraint,
    CounterfactualsView,
    Edit,
    EvidenceView,
    SimilarView,
    WhatIfCase,
    WhatIfView,
)
from core.errors import BadInput
from core.services.casebook import Casebook, require_inputs
from core.services.catalogue import Catalogue, target_of
from core.services.given import Given, given_case
from core.services.population import Populations
from core.services.predictions import Predictions
from core.services.reading_modes.revealing import Revealing
from core.services.runtime import Runtime
from core.services.whatif.asked import Opened
from core.services.whatif.counterfactuals import Counterfactuals
from core.services.whatif.editing import edited, ranges
from core.services.whatif.material import table_of
from core.services.whatif.similar import Similar
from core.services.whatif.warnings import warnings

MOST = 50
"""Most counterfactuals or similar cases that are asked for at once."""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Answers to edited cases. Nothing is stored, and nothing goes on record: no event tells of what was tried."""

    runtime: Runtime
    catalogue: Catalogue
    casebook: Casebook
    predictions: Predictions
    populations: Populations
    searching: Counterfactuals
    neighbours: Similar

    def open(self, workspace: str, case: str, *, actor: Actor) -> WhatIfCase:
        """Open a case for editing.

        Raises
        ------
        Refused
            Before this person's own read, and where the reading mode keeps the model silent.
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
        given = self._given(opened, edits)
        answered = self.predictions.answered(workspace, given)
        with self.runtime.database.read() as tx:
            populations = self.populations.of_case(tx, opened.workspace, opened.spec, opened.case)
        said = warnings(answered.fields, populations, self._plausibility(opened, given))
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

    def counterfactuals(
        self,
        workspace: str,
        case: str,
        target: str,
        *,
        actor: Actor,
        wanted: str | None = None,
        constraints: tuple[Constraint, ...] = (),
        limit: int = 4,
    ) -> CounterfactualsView:
        """Find the smallest changes that get the `wanted` answer (the runner-up when none is named).

        Raises
        ------
        BadInput
            When the wanted answer is the present one, a rule does not suit its field, or `limit` is out of range.
        NotFound
            When there is no such target, label or field.
        """
        _check_limit(limit)
        opened = self._open(workspace, case, actor)
        return self.searching.view(opened, target_of(opened.spec, target), wanted, constraints, limit)

    def similar(
        self, workspace: str, case: str, target: str, *, actor: Actor, edits: tuple[Edit, ...] = (), limit: int = 8
    ) -> SimilarView:
        """Return similar cases, prototypes and the nearest case of another class.

        Cases that this person may still have to read blind are left out.

        Raises
        ------
        BadInput
            When an edit can't be done, or `limit` is out of range.
        """
        _check_limit(limit)
        opened = self._open(workspace, case, actor)
        chosen, near = target_of(opened.spec, target), self.neighbours
        if edits:
            given = self._given(opened, edits)
            asked = given_case(self.runtime, opened.spec, given)
            answer = self.predictions.predict(workspace, given)
            vector = near.vectors.of_case(opened.model, asked.case, asked.casebook)
        else:
            answer = self.predictions.predict(workspace, case)
            vector = near.vectors.of_case(opened.model, opened.case)
        label = answer.target(chosen.name).label
        return near.view(
            opened.workspace, opened.model, chosen, vector, label, actor=actor, but=opened.case.id, limit=limit
        )

    def _plausibility(self, opened: Opened, given: Given) -> float | None:
        material = self.searching.material
        case = given_case(self.runtime, opened.spec, given).case
        return material.plausibility(opened.workspace, opened.spec, material.row(case, table_of(opened.spec)))

    def _given(self, opened: Opened, edits: Sequence[Edit]) -> Given:
        return edited(opened.case, opened.spec, edits, self.casebook, self.runtime)

    def _open(self, workspace: str, case: str, actor: Actor) -> Opened:
        revealing = Revealing(self.runtime, self.catalogue, self.predictions.explaining)
        told = revealing.open(workspace, case, actor)
        require_inputs(told.case)
        return Opened(told.workspace, told.spec, told.case, told.model)


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= MOST:
        raise BadInput(f"Between 1 and {MOST} can be asked for, got {limit}.")
