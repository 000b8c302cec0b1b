"""Guided backpropagation against answers worked out by hand and against Captum; where it is refused."""

import warnings

import pytest
import torch
from captum.attr import GuidedBackprop as CaptumGuidedBackprop
from torch import Tensor, nn
from torch.nn import functional

from explain.errors import ExplainError
from explain.guided_backprop import GuidedBackprop
from explain.saliency import Saliency
from tests.helpers.subjects import image, subject, tokens
from tests.helpers.tiny_models import convolutional, fusion, relu_mlp, text

METHOD = GuidedBackprop()


class Functional(nn.Module):
    """Calls its ReLUs as functions."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.inner:
            x = functional.relu(x) if isinstance(layer, nn.ReLU) else layer(x)
        return x


def captum(model: nn.Module, point: Tensor, label: int) -> Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values: Tensor = CaptumGuidedBackprop(model).attribute(point.clone().requires_grad_(), target=label)
    return values[0].detach().abs()


def test_what_is_negative_at_a_relu_goes_no_further() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(2, 2, bias=False), nn.ReLU(), nn.Linear(2, 2, bias=False))
    with torch.no_grad():
        model[1].weight.copy_(torch.tensor([[1.0, 2.0], [3.0, 5.0]]))
        model[3].weight.copy_(torch.tensor([[1.0, -1.0], [-1.0, 1.0]]))
    case = subject(model.eval(), ("image",), 2)
    point = (torch.tensor([[[[0.5, 0.5]]]]),)
    assert METHOD.explain(case, point, 0).values[0].tolist() == [[[1.0, 2.0]]]
    assert METHOD.explain(case, point, 1).values[0].tolist() == [[[3.0, 5.0]]]


@pytest.mark.parametrize(("model", "point"), [(relu_mlp(), image()), (convolutional(3), image(3))])
def test_it_equals_captum_where_all_relus_are_modules(model: nn.Module, point: Tensor) -> None:
    own = METHOD.explain(subject(model, ("image",), 3), (point,), 1).values[0]
    torch.testing.assert_close(own, captum(model, point, 1), rtol=1e-5, atol=1e-6)


def test_relus_that_are_functions_are_guided_too_where_captum_gives_saliency() -> None:
    model, point = Functional(relu_mlp()).eval(), image()
    own = METHOD.explain(subject(model, ("image",), 3), (point,), 1).values[0]
    torch.testing.assert_close(own, captum(relu_mlp(), point, 1), rtol=1e-5, atol=1e-6)
    plain = Saliency().explain(subject(model, ("image",), 3), (point,), 1).values[0]
    torch.testing.assert_close(captum(model, point, 1), plain)
    assert not torch.allclose(own, plain)


def test_other_activations_none_at_all_and_several_units_are_refused() -> None:
    torch.manual_seed(0)
    smooth = nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 8), nn.GELU(), nn.Linear(8, 2))
    straight = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    for case, inputs in (
        (subject(smooth.eval(), ("image",), 2), (image(),)),
        (subject(straight.eval(), ("image",), 2), (image(),)),
        (subject(text(), ("text",), 2), (tokens(),)),
        (subject(fusion(), ("image", "numeric"), 2), (image(), torch.ones(1, 3))),
    ):
        assert not METHOD.is_compatible(case, inputs)
        with pytest.raises(ExplainError, match=r"Guided backpropagation needs .*Try integrated gradients or occlusion"):
            METHOD.explain(case, inputs, 0)
