"""Looking at the gradient: once for all methods, and never for longer than it is asked for."""

import pytest
import torch
from torch import Tensor, nn

from explain.compatibility import has_input_gradient, one_look
from explain.registry import compatible, explainers
from tests.helpers.subjects import image, numbers, subject
from tests.helpers.tiny_models import DetachedModel, FailingModel, StepModel, mlp


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


def test_a_model_that_fails_with_a_graph_keeps_the_methods_that_need_none() -> None:
    class NoDerivative(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.igamma(x[:, :2] + 1.0, torch.ones(2)) * 2  # torch has no derivative by its first argument

    case, point = subject(NoDerivative().eval(), ("numeric",), 2), (torch.rand(1, 3),)
    found = {method.name for method in compatible(case, point)}
    assert {"occlusion", "feature_ablation", "lime"} <= found
    assert not {"integrated_gradients", "saliency", "deep_lift", "lrp"} & found
    broken = subject(FailingModel().eval(), ("image",), 2)
    assert "integrated_gradients" not in {method.name for method in compatible(broken, (image(),))}


def test_memory_that_runs_out_does_not_decide_what_fits() -> None:
    class Greedy(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            if x.requires_grad:
                torch.empty(10**14)
            return x[:, :2] * 2

    with pytest.raises(RuntimeError, match="memory"):
        compatible(subject(Greedy().eval(), ("numeric",), 2), (torch.rand(1, 3),))
