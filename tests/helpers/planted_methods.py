"""Explanation methods that are wrong on purpose, so that the tests of methods can be seen to find them out."""

from collections.abc import Callable

import torch
from torch import Tensor

from explain.answer import Computed
from explain.assessment.edges import edge_map
from explain.base import Cost, Option, Subject
from explain.errors import ExplainError
from explain.method import Chosen, Method
from explain.validation import Case

Draw = Callable[[Subject, tuple[Tensor, ...], int, int], tuple[Tensor, ...]]
"""Subject, inputs, label and seed to values."""


class PlantedMethod(Method):
    """Shows what `draw` gives, whatever the model."""

    title = "Planted"
    what = "Nothing."
    what_not = "Anything."
    family = "perturbation"
    reads_baseline = False

    def __init__(self, name: str, draw: Draw, *, signed: bool = True, seeded: bool = False) -> None:
        self.name = name
        self.signed = signed
        self.draw = draw
        self._seeded = seeded

    def config_spec(self) -> tuple[Option, ...]:
        return (Option("seed", "Seed", "int", 0, 0, 99),) if self._seeded else ()

    def work(self, subject: Subject, inputs: tuple[Tensor, ...], chosen: Chosen) -> Cost:
        return Cost(1)

    def is_compatible(self, subject: Subject, inputs: tuple[Tensor, ...]) -> bool:
        return True

    def compute(self, case: Case, chosen: Chosen) -> Computed:
        drawn = self.draw(case.subject, case.inputs, case.label, int(chosen.get("seed", 0)))
        return Computed(tuple(value.unsqueeze(0) for value in drawn))


def random_map(*, seeded: bool = False) -> PlantedMethod:
    """Return a method that draws a map at random: by its seed, or the same one for an input each time."""

    def draw(_: Subject, inputs: tuple[Tensor, ...], label: int, seed: int) -> tuple[Tensor, ...]:
        own = int(1e6 * sum(float(item.double().sum()) for item in inputs)) % 10**6
        generator = torch.Generator().manual_seed(own + 10**6 * seed)
        return tuple(torch.randn(item.shape[1:], generator=generator) for item in inputs)

    return PlantedMethod("random_map", draw, seeded=seeded)


def edges() -> PlantedMethod:
    """Return a method that shows the edges of a picture."""

    def draw(_: Subject, inputs: tuple[Tensor, ...], label: int, seed: int) -> tuple[Tensor, ...]:
        return tuple(edge_map(item[0]).float().expand(item.shape[1:]).clone() for item in inputs)

    return PlantedMethod("edges", draw, signed=False)


def failing(on: Callable[[tuple[Tensor, ...]], bool]) -> PlantedMethod:
    """Return a method that fails on the inputs for which `on` is true, and shows a random map otherwise."""
    whole = random_map()

    def draw(subject: Subject, inputs: tuple[Tensor, ...], label: int, seed: int) -> tuple[Tensor, ...]:
        if on(inputs):
            raise ExplainError("failed on purpose.")
        return whole.draw(subject, inputs, label, seed)

    return PlantedMethod("failing", draw)
