"""The five things that programs do: predict, explain, take the next case, give a verdict, ask for the state."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.contracts import Actor, CaseView, VerdictForm
from core.errors import BadInput, Conflict
from core.services.container import Container
from core.services.predictions import Question
from core.services.shapes import case_object, explanation_object, prediction_object
from pages._playground.marks import ignore_marks
from pages._playground.requests import ExplainRequest, NextCaseRequest, PredictRequest, VerdictRequest

TRIES = 5
Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Verbs:
    """The verbs on the services of this process, with JSON objects as results."""

    container: Callable[[], Container]

    def predict(self, asked: PredictRequest) -> Json:
        """Return the champion's calibrated answer."""
        prediction = self.container().predictions.predict(asked.workspace, _question(asked))
        return prediction_object(asked.case, prediction)

    def explain(self, asked: ExplainRequest) -> Json:
        """Return what the champion's answer rests on."""
        explained = self.container().predictions.explain(
            asked.workspace, _question(asked), asked.method, asked.label, asked.target
        )
        return explanation_object(explained)

    def next_case(self, asked: NextCaseRequest, actor: Actor) -> Json:
        """Claim the next waiting case and return its inputs; nothing of the model's answer."""
        review, after = self.container().review, asked.after
        for _ in range(TRIES):
            name = review.next_case(asked.workspace, actor=actor, after=after)
            if name is None:
                return {"workspace": asked.workspace, "case": None, "waiting": 0, "fields": {}, "targets": {}}
            opened = review.open(asked.workspace, name, actor=actor)
            if opened.claimed_by is None:
                return case_object(opened)
            after = name
        raise Conflict("Others take cases faster than this program. Ask again.")

    def record_verdict(self, asked: VerdictRequest, actor: Actor) -> Json:
        """Record a verdict, durably, before this returns."""
        review = self.container().review
        view = review.views.case(asked.workspace, asked.case, actor)
        target = _target(asked, view)
        form = VerdictForm(
            workspace=asked.workspace,
            case=asked.case,
            target=target,
            label=asked.label,
            confidence=asked.confidence,
            version=None,
            comment=asked.comment,
            marks=ignore_marks(review, view, asked.ignore, asked.artefact),
            idempotency_key=_key(asked, target, actor),
        )
        saved = review.save_verdict(form, actor=actor)
        kept = {"case": asked.case, "target": target, "label": asked.label, "verdict": saved.verdict_id}
        return {**kept, "stance": saved.stance, "notes": list(saved.notes)}

    def status(self) -> Json:
        """Return the state of all workspaces."""
        return self.container().workspaces.status()


def _question(asked: PredictRequest) -> Question:
    """Return the stored case or the inputs that are meant.

    Raises
    ------
    BadInput
        When there are both, or neither.
    """
    if (asked.case is None) == (asked.inputs is None):
        raise BadInput("Send either case, the name of a stored case, or inputs, a value for each field.")
    return asked.case if asked.case is not None else asked.inputs or {}


def _target(asked: VerdictRequest, view: CaseView) -> str:
    known = [target.name for target in view.targets]
    if asked.target is None and len(known) > 1:
        raise BadInput(f"{asked.workspace} has several targets. Name one of: {', '.join(known)}.")
    return asked.target or known[0]


def _key(asked: VerdictRequest, target: str, actor: Actor) -> str | None:
    """Return the stored key: a program's keys are its own, and count for one case and target."""
    if asked.idempotency_key is None:
        return None
    return json.dumps([actor.id, asked.workspace, asked.case, target, asked.idempotency_key])
