"""Contrasts: why this label rather than that one."""

import math

import pytest
import torch

from explain.base import Explainer
from explain.contrast import contrasted
from explain.errors import ExplainError
from explain.grad_cam import GradCam
from explain.integrated_gradients import IntegratedGradients
from explain.occlusion import Occlusion
from tests.helpers.subjects import image, numbers, subject
from tests.helpers.tiny_models import LinearModel, convolutional, mlp

POINT = torch.tensor([[1.0, 2.0, 3.0]])


@pytest.mark.parametrize("method", [IntegratedGradients(), Occlusion()], ids=lambda method: method.name)
def test_of_a_linear_method_it_is_the_difference_of_both_maps(method: Explainer) -> None:
    question = subject(mlp(), ("numeric",), 3)
    contrast = method.explain(contrasted(question, 2, 0), (numbers(6),), 2).values[0]
    one, other = (method.explain(question, (numbers(6),), label).values[0] for label in (2, 0))
    torch.testing.assert_close(contrast, one - other, rtol=0.02, atol=0.02)


def test_by_hand_on_a_linear_model() -> None:
    contrast = contrasted(subject(LinearModel(), ("numeric",), 2), 0, 1)
    result = IntegratedGradients().explain(contrast, (POINT,), 0)
    assert result.values[0].tolist() == pytest.approx([1.0, -6.0, 9.0])  # [1, -2, 3] - [0, 1, 0], times the input


def test_the_other_logits_stay_and_so_do_the_weights() -> None:
    module = mlp()
    contrast = contrasted(subject(module, ("numeric",), 3), 1, 2)
    with torch.no_grad():
        plain, other = module(numbers(6)), contrast.module(numbers(6))
    assert torch.equal(other[:, [0, 2]], plain[:, [0, 2]])
    assert torch.equal(other[:, 1], plain[:, 1] - plain[:, 2])
    assert {id(p) for p in contrast.module.parameters()} == {id(p) for p in module.parameters()}


def test_grad_cam_finds_the_layer() -> None:
    contrast = contrasted(subject(convolutional(3), ("image",), 3), 0, 1)
    assert GradCam().is_compatible(contrast, (image(3),))
    assert GradCam().explain(contrast, (image(3),), 0).values[0].shape == (3, 8, 8)


def test_the_spread_is_the_given_one_or_that_of_independent_logits() -> None:
    question = subject(mlp(), ("numeric",), 3, output_sd=2.0)
    assert contrasted(question, 0, 1).output_sd == pytest.approx((math.sqrt(8), 2.0, 2.0))
    assert contrasted(question, 0, 1, output_sd=0.5).output_sd == (0.5, 2.0, 2.0)


def test_it_asks_under_the_same_lock() -> None:
    question = subject(mlp(), ("numeric",), 3)
    assert contrasted(question, 0, 1).lock is question.lock


@pytest.mark.parametrize(
    ("label", "against", "message"),
    [(1, 1, "two different labels, got 1 twice"), (3, 0, r"label must be 0..2, got 3"), (0, -1, "got -1")],
)
def test_it_refuses_labels_that_make_no_contrast(label: int, against: int, message: str) -> None:
    with pytest.raises(ExplainError, match=message):
        contrasted(subject(mlp(), ("numeric",), 3), label, against)
