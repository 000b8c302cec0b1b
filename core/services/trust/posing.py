"""Cases as the assessment of explanations asks them, and maps of slow methods kept for the next report."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

from core.contracts import Case, OptionValue
from core.models.registry import LoadedModel
from core.services.evidence.asking import Wishes, asked
from core.services.evidence.questions import Question as Asked
from core.services.explaining import Explaining
from explain.assessment.questions import Question, answered
from explain.base import Attribution, Explainer
from explain.registry import explainers

KEPT_SECONDS = 0.25
"""Maps that take longer are kept, so that a report that was interrupted goes on quickly."""


@dataclass(frozen=True, slots=True)
class Posing:
    """Poses the questions of one version and target."""

    explaining: Explaining
    model: LoadedModel
    target: str

    def stored(self, case: Case, label: str | None = None) -> Question:
        """Return the question of a stored case: the model's own label, or `label`, against the next likely one."""
        return self.posed(self.explaining.question(self.model, case, self.target), label)

    def posed(self, question: Asked, label: str | None = None) -> Question:
        """Return a question as the assessment asks it."""
        calibration = self.model.manifest.target(self.target)
        with torch.no_grad():
            logits = question.subject.module(*question.inputs)[0]
        order = logits.argsort(descending=True, stable=True).tolist()
        chosen = order[0] if label is None else calibration.classes.index(label)
        other = next(place for place in order if place != chosen)
        return Question(
            question.subject, question.inputs, chosen, other, question.neutral, temperature=calibration.temperature
        )


@dataclass(frozen=True, slots=True)
class KeptAnswers:
    """Explains questions; maps that take long are looked up first, and kept."""

    posing: Posing
    seconds: Mapping[str, float]
    """Expected time for one map by method."""
    cases: dict[int, Case] = field(default_factory=dict)
    """Identity of a stored case's inputs -> the case."""

    def add(self, question: Question, case: Case) -> Question:
        """Note whose question it is, and return it."""
        self.cases[id(question.inputs)] = case
        return question

    def __call__(
        self, method: Explainer, question: Question, label: int, options: Mapping[str, OptionValue]
    ) -> Attribution:
        """Return the map of a label, found or computed."""
        case = self.cases.get(id(question.inputs))
        known = method in explainers() and self.seconds.get(method.name, 0.0) >= KEPT_SECONDS
        if case is None or not known or options:
            return answered(method, question, label, options)
        posing = self.posing
        wishes = Wishes(method=method.name, label=posing.model.manifest.target(posing.target).classes[label])
        key = asked(posing.explaining, posing.model, case, posing.target, wishes)
        found = posing.explaining.kept(key)
        return found or posing.explaining.keep(key, answered(method, question, label, options))
