"""Why a test has no value is said as it is."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from explain.assessment.questions import Plan, Question
from explain.assessment.report import Assessor
from explain.base import Explainer, Subject
from explain.errors import ExplainError
from explain.occlusion import Occlusion
from tests.helpers.planted_methods import PlantedMethod, random_map
from tests.helpers.subjects import numbers, subject
from tests.helpers.tiny_models import mlp

PLAN = Plan(steps=4, orders=2, stage_cases=5, repeat_cases=1)


class Weightless(nn.Module):
    """Has nothing that it could forget."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([x.sum(dim=1), -x[:, 0]], dim=1)


def needs(own: Callable[[Subject], bool]) -> PlantedMethod:
    """Return a method that fails on all other subjects."""

    def draw(asked: Subject, inputs: tuple[Tensor, ...], label: int, seed: int) -> tuple[Tensor, ...]:
        if not own(asked):
            raise ExplainError("failed on purpose.")
        return random_map().explain(asked, inputs, label).values

    return PlantedMethod("needs", draw)


def reason(module: nn.Module, method: Explainer, count: int = 6) -> str:
    """Return why randomisation was not assessable."""
    asked = subject(module, ("numeric",), 2)
    cases = [Question(asked, (numbers(count, seed),), 0, 1, (torch.zeros(1, count),)) for seed in range(5)]
    found = Assessor(cases, PLAN).assess(method)
    one = next(test for test in found.tests if test.name == "randomisation")
    assert one.verdict == "not assessable"
    return one.reason


def test_a_method_that_fails_on_the_forgetful_model_is_told_from_a_model_without_weights() -> None:
    module = mlp(6, 2)
    kept = module.state_dict()

    def unchanged(asked: Subject) -> bool:
        return all(torch.equal(kept[name], value) for name, value in asked.module.state_dict().items())

    assert "fails on the model that forgot" in reason(module, needs(unchanged))
    assert "no weights" in reason(Weightless().eval(), Occlusion())
    assert "too few parts" in reason(mlp(1, 2), Occlusion(), count=1)
