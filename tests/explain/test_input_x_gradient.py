"""Input x gradient against answers worked out by hand and against Captum."""

import pytest
import torch
from captum.attr import InputXGradient as CaptumInputXGradient

from explain.errors import ExplainError
from explain.input_x_gradient import InputXGradient
from tests.helpers.subjects import category, image, numbers, subject, tokens
from tests.helpers.tiny_models import DetachedModel, LinearModel, StepModel, TableModel, every_kind

METHOD = InputXGradient()


def test_linear_model_gives_weight_times_distance_from_the_baseline() -> None:
    case, point = subject(LinearModel(), ("numeric",), 2), (torch.tensor([[1.0, 2.0, 3.0]]),)
    assert METHOD.explain(case, point, 0).values[0].tolist() == [1.0, -4.0, 9.0]
    result = METHOD.explain(case, point, 0, (torch.tensor([[1.0, 0.0, 2.0]]),))
    assert result.values[0].tolist() == [0.0, -4.0, 3.0]
    assert result.completeness_error is None


def test_a_category_gets_what_the_chosen_place_is_worth() -> None:
    case = subject(TableModel(), ("numeric", "categorical"), 2)
    age, chosen = METHOD.explain(case, (torch.tensor([[2.0]]), category(chosen=1)), 0).values
    assert age.tolist() == [2.0]  # slope 2 - 1
    assert chosen.tolist() == [0.0, 1.0, 0.0]  # -2 + 3


def test_it_equals_captum_on_every_kind_of_input() -> None:
    model, points = every_kind(), (image(), numbers(1), category(), tokens())
    own = METHOD.explain(subject(model, ("image", "numeric", "categorical", "text"), 2), points, 1)
    inputs = tuple(point.clone().requires_grad_() for point in points)
    for one, other in zip(own.values, CaptumInputXGradient(model).attribute(inputs, target=1), strict=True):
        torch.testing.assert_close(one, other[0].detach(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("model", "message"), [(StepModel(), "zero everywhere"), (DetachedModel(), "no gradient")])
def test_a_model_without_slopes_is_refused(model: torch.nn.Module, message: str) -> None:
    case, point = subject(model, ("numeric",), 2), (torch.ones(1, 3),)
    assert not METHOD.is_compatible(case, point)
    with pytest.raises(ExplainError, match=rf"{message}.*Try occlusion"):
        METHOD.explain(case, point, 0)
