"""Prediction and explanation outside a review: programs are no readers, a person is; nothing given is kept."""

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from core.contracts import (
    Actor,
    Case,
    EvidenceQualityView,
    EvidenceView,
    FieldView,
    OptionValue,
    Prediction,
    RevealView,
    TargetView,
    Workspace,
    WorkspaceSpec,
)
from core.errors import Refused
from core.guard.rules import is_silenced
from core.models.registry import LoadedModel
from core.services.casebook import Casebook
from core.services.caseviews import CaseViews, target_view
from core.services.catalogue import Catalogue, target_of
from core.services.evidence.asking import Wishes, asked
from core.services.evidence.drawing import Maps
from core.services.evidence.quality import Quality
from core.services.explaining import Explained, Explaining
from core.services.given import Given, GivenCase, given_case
from core.services.reading_modes.revealing import READ_FIRST, why_not
from core.services.runtime import Cache, Runtime
from core.services.unread import unread
from core.storage import reads

Question = str | Given
"""The name of a stored case, or inputs by field."""

NOTHING_ELSE = Wishes()


@dataclass(frozen=True, slots=True)
class ExplainedCase:
    """An explanation with its numbers, in the pixels of the original."""

    case: str | None
    """None for given inputs."""
    version: str
    method: str
    target: str
    label: str
    completeness_error: float | None
    attributions: Maps
    against: str | None = None
    baseline: str = ""
    """Name of what 'absent' meant; empty for a method that has no baseline."""
    reference: str | None = None
    options: tuple[tuple[str, OptionValue], ...] = ()
    """Options that differ from the method's own."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer with the inputs that it is for, ready to draw."""

    reveal: RevealView
    targets: tuple[TargetView, ...]
    fields: tuple[FieldView, ...]


@dataclass(frozen=True, slots=True)
class _Open:
    """A question with everything needed to answer it."""

    workspace: Workspace
    spec: WorkspaceSpec
    model: LoadedModel
    asked: GivenCase
    given: bool


@dataclass(frozen=True, slots=True)
class Predictions:
    """Answers for programs, and for the playground's `reader`: a person who may still have to read a case blind."""

    runtime: Runtime
    catalogue: Catalogue
    casebook: Casebook
    explaining: Explaining
    views: CaseViews
    measuring: Quality

    def predict(self, workspace: str, question: Question) -> Prediction:
        """Return the champion's calibrated answer for a stored case or for given inputs.

        Raises
        ------
        BadInput
            When an input can't be used.
        NotFound
            When there is no such workspace or case.
        """
        return self._answer(self._open(workspace, question))

    def explain(
        self,
        workspace: str,
        question: Question,
        method: str | None = None,
        label: str | None = None,
        target: str | None = None,
        wishes: Wishes = NOTHING_ELSE,
    ) -> ExplainedCase:
        """Explain the champion's answer, or another label, by the method that is supported best or the one named.

        Raises
        ------
        Refused
            While the model is suspended.
        """
        opened = self._open(workspace, question)
        found = self._explain(opened, target, replace(wishes, method=method, label=label))
        asked = found.asked
        return ExplainedCase(
            None if opened.given else opened.asked.case.name,
            asked.model.version,
            asked.method.name,
            asked.target,
            asked.label,
            found.attribution.completeness_error,
            found.maps,
            asked.against,
            asked.baseline,
            None if asked.reference is None else asked.reference.name,
            asked.changed,
        )

    def quality(
        self, workspace: str, case: str, target: str | None = None, wishes: Wishes = NOTHING_ELSE
    ) -> EvidenceQualityView:
        """Measure how far the explanation of a stored case can be trusted."""
        opened = self._open(workspace, case)
        self._require_answers(opened)
        chosen = target_of(opened.spec, target).name
        return self.measuring.measure(asked(self.explaining, opened.model, opened.asked.case, chosen, wishes))

    def examples(self, workspace: str, reader: Actor, limit: int) -> tuple[str, ...]:
        """Return some stored cases, by name, that a person may ask about: of the ledger, or read by them already."""
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, workspace)
            ledger = self.catalogue.cases(tx, found, "ledger")
            begun = self.catalogue.cases_by_id(tx, found, reads.by_actor(tx, found.id, reader.id)).values()
            hidden = unread(tx, found, spec, begun, reader)
        return tuple(sorted({case.name for case in (*ledger, *begun) if case.id not in hidden})[:limit])

    def answered(self, workspace: str, question: Question, *, reader: Actor | None = None) -> Answered:
        """Return the answer with the inputs that it is for.

        Raises
        ------
        Refused
            When `reader` still has to read this case blind, and while the model is suspended.
        """
        opened = self._open(workspace, question, reader)
        views = self.views
        if opened.given:
            views = replace(views, runtime=opened.asked.runtime, casebook=opened.asked.casebook, drawn=Cache(1))
        return Answered(
            self._reveal(opened),
            tuple(target_view(target) for target in opened.spec.targets),
            views.fields(opened.asked.case, opened.spec),
        )

    def evidence(
        self,
        workspace: str,
        question: Question,
        method: str | None = None,
        label: str | None = None,
        target: str | None = None,
        *,
        reader: Actor | None = None,
    ) -> EvidenceView:
        """Return an explanation ready to draw.

        Raises
        ------
        Refused
            When `reader` still has to read this case blind.
        """
        opened = self._open(workspace, question, reader)
        return self._explaining(opened).view(self._explain(opened, target, Wishes(method, label)))

    def _open(self, workspace: str, question: Question, reader: Actor | None = None) -> _Open:
        with self.runtime.database.read() as tx:
            if isinstance(question, str):
                found, spec, stored = self.catalogue.case(tx, workspace, question)
                if reader is not None:
                    _require_known(tx, self.catalogue, found, spec, stored, reader)
                asked = GivenCase(stored, self.casebook, self.runtime)
            else:
                found, spec = self.catalogue.workspace(tx, workspace)
                asked = given_case(self.runtime, spec, question)
        return _Open(found, spec, self.catalogue.model(found), asked, not isinstance(question, str))

    def _answer(self, opened: _Open) -> Prediction:
        return self._explaining(opened).told(opened.model, opened.asked.case)

    def _reveal(self, opened: _Open) -> RevealView:
        prediction, first = self._answer(opened), opened.model.manifest.targets[0]
        if is_silenced(prediction):
            raise Refused(prediction.targets[0].reason)
        methods = self._explaining(opened).methods.ordered(opened.model, opened.asked.case)
        return RevealView(prediction, first.calibration_n, first.coverage, methods)

    def _explaining(self, opened: _Open) -> Explaining:
        return self.explaining.of_given(opened.asked.casebook) if opened.given else self.explaining

    def _require_answers(self, opened: _Open) -> None:
        """Refuse while the model is suspended: evidence would tell what it answers."""
        words = self.explaining.judging.silent(opened.workspace)
        if words:
            raise Refused(words)

    def _explain(self, opened: _Open, target: str | None, wishes: Wishes) -> Explained:
        self._require_answers(opened)
        explaining = self._explaining(opened)
        chosen = target_of(opened.spec, target).name
        return explaining.explain(asked(explaining, opened.model, opened.asked.case, chosen, wishes))


def _require_known(
    tx: Connection, catalogue: Catalogue, workspace: Workspace, spec: WorkspaceSpec, case: Case, reader: Actor
) -> None:
    """Refuse a person who may not know the answer: nobody reads a case of the ledger before the model is asked."""
    words = why_not(tx, catalogue, workspace, spec, case, reader)
    if words and (words != READ_FIRST or unread(tx, workspace, spec, (case,), reader)):
        raise Refused(f"{words} Do that on the review page: the worklist leads to this case.")
