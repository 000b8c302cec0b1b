"""Looking at the gradient: once for all methods, and never for longer than it is asked for."""

import torch
from torch import Tensor, nn

from explain.compatibility import has_input_gradient, one_look
from explain.registry import compatible, explainers
from tests.helpers.subjects import numbers, subject
from tests.helpers.tiny_models import DetachedModel, StepModel, mlp


class Counting(nn.Module):
    """Counts its passes, copies of it too."""

    def __init__(self, calls: list[int]) -> None:
        super().__init__()
        self.inner = mlp()
        self.note = calls.append

    def forward(self, x: Tensor) -> Tensor:
        self.note(len(x))
        return self.inner(x)


def test_the_gradient_is_looked_at_once_for_all_methods() -> None:
    calls: list[int] = []
    case, point = subject(Counting(calls).eval(), ("numeric",), 3), (numbers(6),)
    has_input_gradient(case, point, zero_is_fine=True)
    one = len(calls)
    with one_look():
        for zero_is_fine in (True, False, True):
            assert has_input_gradient(case, point, zero_is_fine=zero_is_fine)
        assert len(calls) == 2 * one
        assert has_input_gradient(case, (point[0] + 1,), zero_is_fine=True)  # another case is looked at anew
    assert len(calls) == 3 * one
    has_input_gradient(case, point, zero_is_fine=True)
    assert len(calls) == 4 * one


def test_the_methods_are_the_same_as_one_by_one() -> None:
    for model in (mlp(3, 2), StepModel(), DetachedModel()):
        case, point = subject(model, ("numeric",), 2), (torch.ones(1, 3),)
        alone = [method.name for method in explainers() if method.is_compatible(case, point)]
        assert [method.name for method in compatible(case, point)] == alone
