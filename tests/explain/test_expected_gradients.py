"""Expected gradients against answers worked out by hand, integrated gradients and Captum's GradientShap."""

from dataclasses import replace

import pytest
import torch
from captum.attr import GradientShap
from torch import Tensor

from explain.base import Subject
from explain.errors import ExplainError
from explain.expected_gradients import ExpectedGradients, plan
from explain.integrated_gradients import IntegratedGradients
from tests.helpers.subjects import image, numbers, subject, tokens
from tests.helpers.tiny_models import BagModel, KinkModel, LinearModel, StepModel, mlp, relu_mlp

METHOD = ExpectedGradients()


def against(case: Subject, *others: Tensor) -> Subject:
    return replace(case, background=others)


def test_linear_model_gives_weight_times_distance_from_the_mean_case() -> None:
    case = against(subject(LinearModel(), ("numeric",), 2), torch.tensor([[0.0, 0.0, 0.0], [2.0, 2.0, 2.0]]))
    result = METHOD.explain(case, (torch.tensor([[1.0, 2.0, 4.0]]),), 0, options={"samples": 8})
    torch.testing.assert_close(result.values[0], torch.tensor([0.0, -2.0, 9.0]), rtol=1e-5, atol=1e-5)
    assert result.completeness_error == pytest.approx(0.0, abs=1e-6)
    assert result.steps == 8
    # sums of the two cases: 1 - 4 + 12 and -1 - 0 + 6, so half their difference is the standard error
    assert result.standard_errors == pytest.approx((2.0,), abs=1e-5)


def test_one_background_case_gives_integrated_gradients() -> None:
    model, point, start = mlp(), numbers(6), numbers(6, seed=1)
    own = METHOD.explain(against(subject(model, ("numeric",), 3), start), (point,), 1, options={"samples": 1024})
    exact = IntegratedGradients().explain(subject(model, ("numeric",), 3), (point,), 1, (start,), {"tolerance": 0.001})
    torch.testing.assert_close(own.values[0], exact.values[0], rtol=1e-2, atol=1e-3)
    assert own.completeness_error is not None
    assert own.completeness_error < 0.01
    assert own.reached


def test_the_kink_is_met_as_often_as_the_path_is_long() -> None:
    case = against(subject(KinkModel(), ("numeric",), 2), torch.zeros(1, 2))
    result = METHOD.explain(case, (torch.ones(1, 2),), 0, options={"samples": 100})
    torch.testing.assert_close(result.values[0], torch.tensor([0.7, 2.0]), rtol=0, atol=0.0101)


def test_it_equals_captums_gradient_shap_as_far_as_chance_goes() -> None:
    model, point, others = relu_mlp(), image(), torch.cat([image(seed=seed) for seed in range(1, 9)])
    own = METHOD.explain(against(subject(model, ("image",), 3), others), (point,), 1, options={"samples": 4096})
    torch.manual_seed(0)
    shap = GradientShap(model).attribute(point, others, n_samples=20_000, stdevs=0.0, target=1)
    assert float((own.values[0] - shap[0]).norm() / shap.norm()) < 0.03


def test_its_plan_uses_each_case_equally_and_spreads_the_places() -> None:
    chosen = plan(background=6, samples=22, seed=3)
    assert len(chosen) == 24  # rounded up to four rounds
    assert torch.bincount(chosen.cases).tolist() == [4] * 6
    for case in range(6):
        own = chosen.places[chosen.cases == case]
        assert sorted((own * 4).long().tolist()) == [0, 1, 2, 3]
    assert sorted((chosen.places * 24).long().tolist()) == list(range(24))


def test_of_a_large_background_some_cases_are_drawn() -> None:
    chosen = plan(background=100, samples=8, seed=0)
    assert len(chosen) == len(set(chosen.cases.tolist())) == 8
    assert not torch.equal(chosen.cases, plan(background=100, samples=8, seed=1).cases)


def test_spread_places_err_less_than_places_drawn_alone() -> None:
    model, point, others = relu_mlp(), image(), torch.cat([image(seed=seed) for seed in range(1, 9)])
    case = against(subject(model, ("image",), 3), others)
    spread = [METHOD.explain(case, (point,), 1, options={"samples": 64, "seed": seed}) for seed in range(6)]
    torch.manual_seed(0)
    shap = GradientShap(model)
    alone = [shap.attribute(point, others, n_samples=64, stdevs=0.0, target=1) for _ in range(6)]
    exact = METHOD.explain(case, (point,), 1, options={"samples": 4096}).values[0]
    errors = [
        sum(float((item - exact).norm()) for item in items)
        for items in ([result.values[0] for result in spread], [values[0] for values in alone])
    ]
    assert errors[0] < 0.7 * errors[1]


def test_the_standard_error_tells_how_far_another_background_would_be() -> None:
    model, point = mlp(), numbers(6)
    totals, errors = [], []
    for seed in range(40):
        case = against(
            subject(model, ("numeric",), 3), torch.randn(8, 6, generator=torch.Generator().manual_seed(seed))
        )
        result = METHOD.explain(case, (point,), 0, options={"samples": 64})
        totals.append(float(result.values[0].sum()))
        errors.append((result.standard_errors or (0.0,))[0])
    assert sum(errors) / 40 == pytest.approx(float(torch.tensor(totals).std()), rel=0.35)


def test_padding_of_this_case_is_padding_in_the_background() -> None:
    others = torch.ones(3, 3, 2)
    case = against(subject(BagModel(), ("text",), 2), others)
    result = METHOD.explain(case, (tokens(count=2, width=2, padding=1),), 0)
    assert result.values[0][2].tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    "background",
    [
        None,
        (),
        (torch.zeros(0, 3),),
        (torch.zeros(2, 4),),
        (torch.zeros(2, 3), torch.zeros(2, 3)),
        (torch.zeros(2, 3, dtype=torch.int64),),
        (torch.full((2, 3), torch.nan),),
    ],
)
def test_without_background_of_the_same_form_it_is_not_offered(background: tuple[Tensor, ...] | None) -> None:
    case, point = replace(subject(LinearModel(), ("numeric",), 2), background=background), (torch.ones(1, 3),)
    assert not METHOD.is_compatible(case, point)
    with pytest.raises(ExplainError, match=r"need background cases.*Try integrated gradients or occlusion"):
        METHOD.explain(case, point, 0)


def test_gradients_that_vanish_on_all_paths_are_said() -> None:
    case = against(subject(StepModel(), ("numeric",), 2), torch.zeros(4, 3))
    with pytest.raises(ExplainError, match="zero everywhere"):
        METHOD.explain(case, (torch.ones(1, 3),), 0)
