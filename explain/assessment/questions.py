"""The cases on which a method is judged, and what is known of each whatever the method."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

from explain.assessment.class_sensitivity import labels_differ
from explain.assessment.localisation import Region
from explain.assessment.parts import CELLS, Parts, parts_of
from explain.assessment.removal import Plan as CurvePlan
from explain.assessment.removal import Reference, fills_of, reference_of
from explain.base import Attribution, Explainer, OptionValue, Subject


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One case, the label to explain and the label to tell it from."""

    subject: Subject
    inputs: tuple[Tensor, ...]
    label: int
    """Index of the model's answer."""
    other: int
    """Index of the runner-up."""
    baselines: tuple[Tensor, ...]
    """The 'absent' input: for methods that read one, and for numbers and categories that are removed."""
    region: Region | None = None
    """Where people say that one has to look."""
    artefacts: tuple[tuple[str, Region], ...] = ()
    """(name, where) of what people say the model must not use."""
    temperature: float = 1.0
    """What logits are divided by before the softmax."""


Answer = Callable[[Explainer, Question, int, Mapping[str, OptionValue]], Attribution]
"""Explains a label of a question with options: a place for a cache."""


def answered(method: Explainer, question: Question, label: int, options: Mapping[str, OptionValue]) -> Attribution:
    """Return the map as the method computes it."""
    return method.explain(question.subject, question.inputs, label, question.baselines, options)


@dataclass(frozen=True, slots=True)
class Plan:
    """How closely to look at each method."""

    steps: int = 12
    orders: int = 6
    """Random maps for each case."""
    cells: int = CELLS
    stages: int = 4
    """Stages of weight randomisation."""
    stage_cases: int = 12
    """Cases on which weights are randomised."""
    repeat_cases: int = 12
    """Cases on which a method that draws at random is asked again."""
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """One question with its parts, and what random maps and an edge map reach on it."""

    question: Question
    parts: Parts
    references: tuple[Reference, ...]
    """One for each fill; none for a case of a single part."""
    differs: bool
    """Whether the input moves the two labels' logits differently."""


def prepared(number: int, question: Question, plan: Plan) -> Prepared:
    """Return the question with what does not depend on the method.

    Raises
    ------
    ExplainError
        When the model can't answer the case.
    """
    subject, inputs = question.subject, question.inputs
    parts = parts_of(subject, inputs, plan.cells)
    curve_plan = CurvePlan(
        plan.steps, plan.orders, plan.cells, plan.seed + number, question.temperature, max_rows=10**6
    )
    found = [
        reference_of(subject, inputs, parts, question.label, question.baselines, how, curve_plan)
        for how in fills_of(subject)
    ]
    differs = labels_differ(subject, inputs, question.label, question.other, question.baselines)
    return Prepared(question, parts, tuple(one for one in found if one is not None), differs)
