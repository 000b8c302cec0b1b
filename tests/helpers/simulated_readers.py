"""People simulated with known skill who read real cases through the product's own verbs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.contracts import Actor, VerdictForm
from core.services.container import Container


@dataclass(frozen=True, slots=True)
class SimulatedReader:
    """How one person reads."""

    name: str
    skill: float
    """How probable it is that a read is right."""
    trust: float
    """How probable it is that the model's answer is taken over where it differs."""
    seconds: float = 20.0
    """Mean time of a read."""

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return Actor(self.name, "person", self.name.title())


@dataclass(frozen=True, slots=True)
class Task:
    """What is read: a target of a workspace, and the right answers."""

    workspace: str
    target: str
    classes: tuple[str, ...]
    truth: Callable[[str], str]


def read_cases(
    container: Container, task: Task, reader: SimulatedReader, cases: Sequence[str], seed: int = 0
) -> dict[str, str]:
    """Let a person read cases: commit, look at the answer, give a verdict; return case -> label that was shown.

    Each verdict is sent twice with the same key, as a browser does whose first answer was lost.
    """
    generator = np.random.default_rng([seed, *reader.name.encode()])
    shown: dict[str, str] = {}
    for case in cases:
        right = task.truth(case)
        others = [label for label in task.classes if label != right]
        read = right if generator.random() < reader.skill else others[generator.integers(len(others))]
        container.review.commit_read(
            task.workspace, case, task.target, read, "likely", actor=reader.actor,
            seconds=float(generator.gamma(4.0, reader.seconds / 4.0)),
        )  # fmt: skip
        prediction = container.review.reveal(task.workspace, case, actor=reader.actor).prediction
        shown[case] = prediction.target(task.target).label
        final = shown[case] if generator.random() < reader.trust else read
        form = VerdictForm(
            task.workspace, case, task.target, final, "likely", prediction.version,
            idempotency_key=f"{reader.name} {case}",
        )  # fmt: skip
        first, second = (container.review.save_verdict(form, actor=reader.actor) for _ in range(2))
        assert first.verdict_id == second.verdict_id
    return shown
