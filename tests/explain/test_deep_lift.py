"""DeepLift against answers worked out by hand and against Captum, and where it is refused."""

import warnings

import pytest
import torch
from captum.attr import DeepLift as CaptumDeepLift
from torch import Tensor, nn
from torch.nn import functional

from explain.deep_lift import DeepLift
from explain.errors import ExplainError
from tests.helpers.subjects import category, image, numbers, subject, tokens
from tests.helpers.tiny_models import TableModel, attention, convolutional, mlp, relu_mlp, text

METHOD = DeepLift()


class Called(nn.Module):
    """One layer and an activation that is called as a function."""

    def __init__(self, activation: object) -> None:
        super().__init__()
        torch.manual_seed(7)
        self.first, self.second = nn.Linear(6, 8), nn.Linear(8, 2)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.activation(self.first(x)))


class Twice(nn.Module):
    """One ReLU module used in two places."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(8)
        self.first, self.second, self.third = nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 2)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.third(self.relu(self.second(self.relu(self.first(x)))))


def captum(model: nn.Module, point: Tensor, start: Tensor, label: int) -> Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values: Tensor = CaptumDeepLift(model).attribute(point, start, target=label)
    return values[0].detach()


def change_of(model: nn.Module, point: Tensor, label: int) -> float:
    with torch.no_grad():
        return float((model(point) - model(torch.zeros_like(point)))[0, label])


def test_one_kink_worked_out_by_hand() -> None:
    model = nn.Sequential(nn.Linear(2, 1, bias=False), nn.ReLU(), nn.Linear(1, 2, bias=False))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[1.0, -2.0]]))
        model[2].weight.copy_(torch.tensor([[3.0], [-3.0]]))
    result = METHOD.explain(
        subject(model.eval(), ("numeric",), 2), (torch.tensor([[2.0, 0.5]]),), 0, (torch.tensor([[0.0, 1.0]]),)
    )
    # before the ReLU: 1 at the input, -2 at the baseline; behind it 1 and 0: slope 1/3, times 3, times (2, -0.5)(1, -2)
    torch.testing.assert_close(result.values[0], torch.tensor([2.0, 1.0]))
    assert result.completeness_error == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(
    ("model", "point", "kind"),
    [
        (relu_mlp(), image(), "image"),
        (convolutional(3), image(3), "image"),
        (
            nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 8), nn.Sigmoid(), nn.Linear(8, 3)),
            numbers(6),
            "numeric",
        ),
    ],
)
def test_it_equals_captum_where_captum_is_right(model: nn.Module, point: Tensor, kind: str) -> None:
    model = model.eval()
    for module in model.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False  # Captum is wrong with it
    start = torch.full_like(point, 0.1)
    own = METHOD.explain(subject(model, (kind,), 3), (point,), 1, (start,))
    torch.testing.assert_close(own.values[0], captum(model, point, start, 1), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "activation",
    [functional.relu, torch.relu, functional.gelu, functional.silu, functional.hardswish, torch.tanh, functional.relu6,
     Tensor.sigmoid, lambda x: x.clamp(0.0, 0.5), lambda x: functional.relu(x, inplace=True), nn.ReLU6(inplace=True)],
)  # fmt: skip
def test_activations_that_are_functions_add_up_where_captum_does_not(activation: object) -> None:
    model, point = Called(activation).eval(), numbers(6)
    case = subject(model, ("numeric",), 2)
    assert METHOD.is_compatible(case, (point,))
    result = METHOD.explain(case, (point,), 0)
    change = change_of(model, point, 0)
    assert float(result.values[0].sum()) == pytest.approx(change, rel=1e-4)
    silently = float(captum(model, point, torch.zeros_like(point), 0).sum())
    assert abs(silently - change) > 0.01 * abs(change)


def test_a_module_that_is_used_twice_adds_up() -> None:
    model, point = Twice().eval(), numbers(6)
    result = METHOD.explain(subject(model, ("numeric",), 2), (point,), 1)
    change = change_of(model, point, 1)
    assert float(result.values[0].sum()) == pytest.approx(change, rel=1e-4)


def test_it_is_refused_where_a_step_has_no_rule() -> None:
    normed = nn.Sequential(nn.Linear(6, 8), nn.LayerNorm(8), nn.ReLU(), nn.Linear(8, 2)).eval()
    for case, inputs in (
        (subject(normed, ("numeric",), 2), (numbers(6),)),
        (subject(attention(), ("image",), 2), (image(),)),
        (subject(text(), ("text",), 2), (tokens(),)),
        (subject(TableModel(), ("numeric", "categorical"), 2), (numbers(1), category())),
    ):
        assert not METHOD.is_compatible(case, inputs)
        with pytest.raises(ExplainError, match=r"add up to .* where the answer changed by .*Try integrated gradients"):
            METHOD.explain(case, inputs, 0)


def test_maximum_pooling_is_right_from_an_even_baseline_and_refused_from_another() -> None:
    torch.manual_seed(9)
    pooled = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 2)).eval()
    case = subject(pooled, ("image",), 2)
    assert METHOD.explain(case, (image(),), 0).reached
    with pytest.raises(ExplainError, match="a step of the model has no rule"):
        METHOD.explain(case, (image(),), 0, (image(seed=1),))


def test_the_baseline_itself_gets_nothing() -> None:
    point = numbers(6)
    result = METHOD.explain(subject(mlp(), ("numeric",), 3), (point,), 0, (point.clone(),))
    assert not result.values[0].any()
    assert result.completeness_error == 0.0
