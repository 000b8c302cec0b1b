"""What 'absent' means: the choices for a case, in words, and the inputs that they stand for."""

from torch import Tensor

from core.contracts import BaselineView
from core.services.evidence.keeping import Asked
from core.services.evidence.questions import Question
from explain.base import Subject
from explain.baselines import baseline, baseline_choices

DEFAULT = "neutral"
"""What the model itself takes for absent."""
OF_A_CASE = "case"


def choices(subject: Subject) -> tuple[BaselineView, ...]:
    """Return the baselines that fit, the default first."""
    fitting = sorted(baseline_choices(subject), key=lambda known: known.name != DEFAULT)
    return tuple(BaselineView(known.name, known.title, known.what) for known in fitting)


def built(name: str, question: Question, reference: tuple[Tensor, ...] | None) -> tuple[tuple[Tensor, ...], ...]:
    """Return the absent inputs, one set or several; for a method that reads none (an empty name) the model's own."""
    return baseline(name or DEFAULT).build(question.subject, question.inputs, question.neutral, reference)


def baseline_words(asked: Asked) -> str:
    """Return what 'absent' meant, in words; empty for a method that does not depend on it."""
    if not asked.baseline:
        return ""
    known = baseline(asked.baseline)
    if asked.reference is not None:
        return f"{known.title} ({asked.reference.name}): {known.what}"
    return f"{known.title}: {known.what}"
