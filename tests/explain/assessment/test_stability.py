"""Maps of slightly noisy inputs."""

from dataclasses import replace

import pytest
import torch

from explain.assessment.stability import noised, stability
from explain.base import Attribution
from explain.errors import ExplainError, Stopped
from explain.occlusion import Occlusion
from tests.helpers.subjects import category, image, numbers, subject, tokens
from tests.helpers.tiny_models import every_kind, relu_mlp

KINDS = ("image", "numeric", "categorical", "text")
POINT = (image(), numbers(1), category(), tokens())


def test_the_noise_is_two_percent_of_each_range() -> None:
    background = (torch.rand(9, 1, 64, 64), 10 * torch.randn(500, 1), torch.eye(3), torch.zeros(9, 7, 4))
    asked = replace(subject(every_kind(), KINDS, 2), background=background)
    point = (torch.full((1, 1, 64, 64), 0.5), torch.zeros(1, 1), category(), tokens(400, 4, 2))
    generator = torch.Generator().manual_seed(0)
    cases = [noised(asked, point, generator) for _ in range(200)]
    assert float((cases[0][0] - 0.5).std()) == pytest.approx(0.02, rel=0.05)
    assert float(torch.cat([case[1] for case in cases]).std()) == pytest.approx(1.0, rel=0.15)
    assert torch.equal(cases[0][2], category())
    assert float((cases[0][3] - point[3])[:, :400].std()) == pytest.approx(0.1 * float(point[3].std()), rel=0.05)
    assert not cases[0][3][:, 400:].any()


def test_pictures_stay_pictures_and_equal_seeds_give_equal_noise() -> None:
    asked = subject(relu_mlp(), ("image",), 3)
    white = (torch.ones(1, 1, 8, 8),)
    first = noised(asked, white, torch.Generator().manual_seed(3))[0]
    assert float(first.max()) <= 1
    assert torch.equal(first, noised(asked, white, torch.Generator().manual_seed(3))[0])


def test_a_smooth_method_is_stable_and_a_random_map_is_not() -> None:
    asked = subject(relu_mlp(), ("image",), 3)
    point = (image(),)
    method = Occlusion()
    stable = stability(asked, point, method.explain(asked, point, 0), lambda case: method.explain(asked, case, 0))
    assert stable is not None
    assert stable.low > 0.8
    assert stable.n == 5
    generator = torch.Generator().manual_seed(0)

    def random(_: tuple[torch.Tensor, ...]) -> Attribution:
        return Attribution((torch.randn(1, 8, 8, generator=generator),), None, True, None, True, 0.0)

    unstable = stability(asked, point, random(point), random)
    assert unstable is not None
    assert unstable.high < 0.5


def test_what_cannot_be_noised_has_no_stability() -> None:
    asked = subject(every_kind(), ("numeric", "categorical"), 2)
    point = (numbers(1), category())
    heat = Attribution((torch.ones(1), torch.ones(3)), None, True, None, True, 0.0)
    assert stability(asked, point, heat, lambda _: heat) is None


def test_a_noisy_copy_that_cannot_be_explained_is_left_out_and_a_stop_is_heard() -> None:
    asked, point, method = subject(relu_mlp(), ("image",), 3), (image(),), Occlusion()
    heat = method.explain(asked, point, 0)
    calls: list[int] = []

    def failing(case: tuple[torch.Tensor, ...]) -> Attribution:
        calls.append(1)
        if len(calls) == 2:
            raise ExplainError("the gradient of this answer is zero everywhere for this case")
        return method.explain(asked, case, 0)

    found = stability(asked, point, heat, failing)
    assert found is not None
    assert found.n == 4

    def stopped(_: tuple[torch.Tensor, ...]) -> Attribution:
        raise Stopped("the explanation was stopped before it was done.")

    with pytest.raises(Stopped):
        stability(asked, point, heat, stopped)
