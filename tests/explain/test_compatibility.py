"""Looking at the gradient: once for all methods, and never for longer than it is asked for."""

import pytest
import torch
from torch import Tensor, nn

from explain.compatibility import has_input_gradient, one_look
from explain.errors import ExplainError
from explain.registry import compatible, explainer, explainers
from tests.helpers.subjects import image, numbers, subject, tokens
from tests.helpers.tiny_models import DetachedModel, FailingModel, StepModel, convolutional, mlp, relu_mlp, text


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


class RunsOut(nn.Module):
    """Runs out of memory at one of its passes, the first being 1; copies of it count on."""

    def __init__(self, inner: nn.Module, at: int) -> None:
        super().__init__()
        self.inner = inner
        passes: list[int] = []
        self.note, self.count = passes.append, lambda: len(passes)
        self.at = at

    def forward(self, x: Tensor) -> Tensor:
        self.note(1)
        if self.count() == self.at:
            torch.empty(10**14)
        return self.inner(x)


@pytest.mark.parametrize("name", ["deep_lift", "lrp", "guided_backprop", "grad_cam", "layer_cam", "attention_rollout"])
def test_memory_that_runs_out_at_any_pass_is_no_misfit(name: str) -> None:
    method = explainer(name)
    kind, point = ("text", tokens()) if name == "attention_rollout" else ("image", image())
    inner = text() if kind == "text" else convolutional() if name.endswith("cam") else relu_mlp()
    classes = inner(point).shape[1]
    fine = RunsOut(inner, 0).eval()
    assert method.is_compatible(subject(fine, (kind,), classes), (point,))
    for at in range(1, fine.count() + 1):
        with pytest.raises((RuntimeError, ExplainError), match="memory"):
            method.is_compatible(subject(RunsOut(inner, at).eval(), (kind,), classes), (point,))
