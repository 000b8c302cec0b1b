"""Saliency against answers worked out by hand and against Captum; which models it fits."""

import pytest
import torch
from captum.attr import Saliency as CaptumSaliency
from torch import Tensor, nn

from explain.errors import ExplainError
from explain.saliency import Saliency
from tests.helpers.subjects import category, image, numbers, subject, tokens
from tests.helpers.tiny_models import BagModel, DetachedModel, LinearModel, StepModel, TableModel, fusion, relu_mlp

METHOD = Saliency()


def on_pixels(model: nn.Module) -> nn.Module:
    """Return the model of three numbers as one of an image with three pixels."""
    return nn.Sequential(nn.Flatten(), model)


def test_linear_model_gives_the_size_of_its_weights() -> None:
    case = subject(on_pixels(LinearModel()), ("image",), 2)
    result = METHOD.explain(case, (torch.full((1, 1, 1, 3), 0.9),), 0)
    assert result.values[0].tolist() == [[[1.0, 2.0, 3.0]]]
    assert result.completeness_error is None
    assert result.reached


def test_every_token_has_the_size_of_its_gradient_and_padding_has_none() -> None:
    result = METHOD.explain(subject(BagModel(), ("text",), 2), (tokens(count=2, width=2, padding=1),), 0)
    assert result.values[0].tolist() == [[1.0, 2.0], [1.0, 2.0], [0.0, 0.0]]


def test_it_equals_captum_on_two_images() -> None:
    class Product(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = relu_mlp()

        def forward(self, one: Tensor, other: Tensor) -> Tensor:
            return self.body(one * other)

    model, points = Product().eval(), (image(), image(seed=1))
    own = METHOD.explain(subject(model, ("image", "image"), 3), points, 1)
    inputs = tuple(point.clone().requires_grad_() for point in points)
    for one, other in zip(own.values, CaptumSaliency(model).attribute(inputs, target=1), strict=True):
        torch.testing.assert_close(one, other[0])


def test_slopes_of_different_units_are_not_offered() -> None:
    table = (subject(TableModel(), ("numeric", "categorical"), 2), (numbers(1), category()))
    mixed = (subject(fusion(), ("image", "numeric"), 2), (image(), numbers(3)))
    for case, inputs in (table, mixed):
        assert not METHOD.is_compatible(case, inputs)
        with pytest.raises(ExplainError, match=r"inputs of one unit.*this model takes .*numeric"):
            METHOD.explain(case, inputs, 0)


def test_a_gradient_that_is_zero_everywhere_is_not_offered() -> None:
    point = (torch.ones(1, 1, 1, 3),)
    assert METHOD.is_compatible(subject(on_pixels(LinearModel()), ("image",), 2), point)
    assert not METHOD.is_compatible(subject(on_pixels(StepModel()), ("image",), 2), point)
    assert not METHOD.is_compatible(subject(on_pixels(DetachedModel()), ("image",), 2), point)
