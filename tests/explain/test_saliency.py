"""Saliency against answers worked out by hand and against Captum."""

import torch
from captum.attr import Saliency as CaptumSaliency

from explain.saliency import Saliency
from tests.helpers.subjects import image, numbers, subject
from tests.helpers.tiny_models import DetachedModel, LinearModel, StepModel, fusion

METHOD = Saliency()


def test_linear_model_gives_the_size_of_its_weights() -> None:
    result = METHOD.explain(subject(LinearModel(), ("numeric",), 2), (torch.tensor([[9.0, 9.0, 9.0]]),), 0)
    assert result.values[0].tolist() == [1.0, 2.0, 3.0]
    assert result.completeness_error is None
    assert result.reached


def test_it_equals_captum_on_several_inputs() -> None:
    model, point, table = fusion(), image(), numbers(3)
    own = METHOD.explain(subject(model, ("image", "numeric"), 2), (point, table), 1)
    inputs = (point.clone().requires_grad_(), table.clone().requires_grad_())
    for one, other in zip(own.values, CaptumSaliency(model).attribute(inputs, target=1), strict=True):
        torch.testing.assert_close(one, other[0])


def test_a_gradient_that_is_zero_everywhere_is_not_offered() -> None:
    point = (torch.ones(1, 3),)
    assert METHOD.is_compatible(subject(LinearModel(), ("numeric",), 2), point)
    assert not METHOD.is_compatible(subject(StepModel(), ("numeric",), 2), point)
    assert not METHOD.is_compatible(subject(DetachedModel(), ("numeric",), 2), point)
