"""What the page asks of the services, and what it remembers of the answer. One visitor's state, in memory only."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from core.contracts import EvidenceView, FieldSpec
from core.errors import BadInput
from core.services.container import Container
from core.services.predictions import Answered, Question
from pages._playground.outcomes import words_of

EXAMPLES = 12
"""Cases that the list offers before anybody types an id."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A question and its answer, kept for the evidence that may be asked for next.

    Not compared by content: Gradio asks for its hash, and inputs have none.
    """

    workspace: str
    question: Question
    answered: Answered


@dataclass(frozen=True, slots=True)
class Desk:
    """The page's questions to the services."""

    container: Callable[[], Container]

    def workspaces(self) -> list[tuple[str, str]]:
        """Return (title, name) of every workspace that has a model."""
        found = self.container().workspaces
        return [(found.spec(name).title, name) for name in found.names() if found.champion(name)]

    def fields(self, workspace: str) -> tuple[FieldSpec, ...]:
        """Return the inputs that a workspace wants."""
        return self.container().workspaces.spec(workspace).fields

    def cases(self, workspace: str) -> list[str]:
        """Return some cases to try, by name: none that still waits for the person's own read."""
        services = self.container()
        return list(services.predictions.examples(workspace, services.default_actor, EXAMPLES))

    def ask(self, workspace: str | None, question: Question | None) -> Asked:
        """Return the answer to a question.

        Raises
        ------
        BadInput
            When nothing was asked.
        Refused
            When the person still has to read the case blind.
        """
        if not workspace:
            raise BadInput("Choose a workspace first. Where there is none, import one or wait for the demo.")
        if not question:
            raise BadInput("Type the id of a case, or choose one from the list.")
        services = self.container()
        answered = services.predictions.answered(workspace, question, reader=services.default_actor)
        return Asked(workspace, question, answered)

    def ask_given(self, workspace: str, values: Sequence[object]) -> Asked:
        """Return the answer for the values of the controls, one a field; an image is the path of its upload."""
        fields = self.fields(workspace)
        inputs = {field.name: _value(field, value) for field, value in zip(fields, values, strict=True)}
        return self.ask(workspace, inputs)

    def explain(self, asked: Asked | None, method: str | None, target: str | None, label: str | None) -> EvidenceView:
        """Return what an answer rests on.

        Raises
        ------
        BadInput
            When nothing was predicted yet.
        Refused
            When the person still has to read the case blind.
        """
        if asked is None:
            raise BadInput("Predict first: evidence explains an answer.")
        services = self.container()
        return services.predictions.evidence(
            asked.workspace, asked.question, method, label, target, reader=services.default_actor
        )


def _value(field: FieldSpec, value: object) -> object:
    if field.kind == "image":
        return Path(str(value)).read_bytes() if value else None
    return value if value != "" else None


def told(work: Callable[..., Any]) -> Callable[..., Any]:
    """Return `work` so that whatever goes wrong is a message on the page, never a stack trace."""

    def guarded(*arguments: object) -> object:
        try:
            return work(*arguments)
        except Exception as error:  # noqa: BLE001  # whatever it is, Gradio would print and show it
            raise gr.Error(words_of(error), title="Not possible", print_exception=False) from None

    return guarded


def choices_of(asked: Asked) -> Mapping[str, tuple[str, str]]:
    """Return what evidence can be asked about: words -> (target, label), the answer of each target first."""
    found: dict[str, tuple[str, str]] = {}
    for target in asked.answered.targets:
        answer = asked.answered.reveal.prediction.target(target.name)
        prefix = f"{target.title}: " if len(asked.answered.targets) > 1 else ""
        labels = sorted(target.choices, key=lambda choice: choice.value != answer.label)
        found |= {f"{prefix}{choice.words}": (target.name, choice.value) for choice in labels}
    return found
