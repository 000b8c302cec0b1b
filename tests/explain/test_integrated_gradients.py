"""Integrated gradients against answers worked out by hand and against Captum."""

import pytest
import torch
from captum.attr import IntegratedGradients as CaptumIntegratedGradients
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from explain.base import Attribution
from explain.errors import ExplainError
from explain.integrated_gradients import IntegratedGradients
from explain.saliency import Saliency
from tests.helpers.subjects import category, image, numbers, questions, subject, tokens
from tests.helpers.tiny_models import (
    BagModel,
    DetachedModel,
    EveryKindModel,
    KinkModel,
    LinearModel,
    StepModel,
    TableModel,
    every_kind,
    mlp,
    relu_mlp,
)

METHOD = IntegratedGradients()


class Cliff(nn.Module):
    """A step of height one at 0.3 that the gradient cannot see, on top of x: half the answer is missing from it."""

    def forward(self, x: Tensor) -> Tensor:
        logit = x.sum(dim=1) + (x.sum(dim=1) > 0.3).float()
        return torch.stack([logit, -logit], dim=1)


def spent(result: Attribution) -> int:
    assert result.steps is not None
    return result.steps


def error_of(result: Attribution) -> float:
    assert result.completeness_error is not None
    return result.completeness_error


def test_linear_model_gives_weight_times_input() -> None:
    result = METHOD.explain(subject(LinearModel(), ("numeric",), 2), (torch.tensor([[1.0, 2.0, 3.0]]),), 0)
    assert result.values[0].tolist() == pytest.approx([1.0, -4.0, 9.0])
    assert error_of(result) < 1e-6
    assert result.reached
    assert spent(result) == 16


def test_linear_model_with_a_baseline_gives_weight_times_difference() -> None:
    point, base = torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[1.0, 0.0, 1.0]])
    result = METHOD.explain(subject(LinearModel(), ("numeric",), 2), (point,), 0, (base,))
    assert result.values[0].tolist() == pytest.approx([0.0, -4.0, 6.0])


def test_a_kink_is_found_and_resolved() -> None:
    case = subject(KinkModel(), ("numeric",), 2)
    result = METHOD.explain(case, (torch.ones(1, 2),), 0, options={"tolerance": 0.001})
    assert result.values[0].tolist() == pytest.approx([0.7, 2.0], abs=0.0027)
    assert error_of(result) <= 0.001
    coarse = METHOD.explain(case, (torch.ones(1, 2),), 0, options={"max_steps": 16})
    assert spent(coarse) == 16
    assert error_of(coarse) > error_of(result)
    assert error_of(coarse) == pytest.approx(abs(float(coarse.values[0].sum()) - 2.7) / 2.7, abs=1e-5)


def test_a_jump_that_no_gradient_shows_is_reported_and_not_hidden() -> None:
    result = METHOD.explain(subject(Cliff(), ("numeric",), 2), (torch.full((1, 2), 0.5),), 0)
    assert error_of(result) == pytest.approx(0.5, abs=1e-4)
    assert not result.reached
    with pytest.raises(ExplainError, match=r"gradient of this answer is zero everywhere.*Try occlusion"):
        METHOD.explain(subject(StepModel(), ("numeric",), 2), (torch.ones(1, 3),), 0)


class TwoCliffs(nn.Module):
    """x0 + x1, a step up of 1 at x0 = 0.3 and a step down of 1 at x1 = 0.7: together they cancel, apart they don't."""

    def forward(self, x: Tensor) -> Tensor:
        logit = x.sum(dim=1) + (x[:, 0] > 0.3).float() - (x[:, 1] > 0.7).float()
        return torch.stack([logit, -logit], dim=1)


def test_errors_of_opposite_sign_do_not_pass_for_none() -> None:
    result = METHOD.explain(subject(TwoCliffs(), ("numeric",), 2), (torch.ones(1, 2),), 0)
    assert result.values[0].tolist() == pytest.approx([1.0, 1.0], abs=1e-3)  # exact would be 2 and 0
    assert error_of(result) < 0.001
    assert not result.reached
    assert spent(result) > 20


class Ramps(nn.Module):
    """x0 + x1, with a rise of 3 while x0 goes from 0.45 to 0.55, and a fall of 3 while x1 goes from 0.7 to 0.8."""

    def forward(self, x: Tensor) -> Tensor:
        logit = x.sum(dim=1) + 30 * (x[:, 0].clamp(0.45, 0.55) - x[:, 1].clamp(0.7, 0.8))
        return torch.stack([logit, -logit], dim=1)


def test_a_map_that_is_wrong_but_adds_up_is_refined() -> None:
    # eighths see a slope of 31 at 1/2 and of -29 at 3/4 and take them for a rise and a fall of 3.75: no error in sum
    case, point = subject(Ramps(), ("numeric",), 2), torch.ones(1, 2)
    coarse = METHOD.explain(case, (point,), 0, options={"max_steps": 16})
    assert coarse.values[0].tolist() == pytest.approx([4.75, -2.75])
    assert error_of(coarse) < 1e-5
    assert not coarse.reached
    result = METHOD.explain(case, (point,), 0)
    assert result.values[0].tolist() == pytest.approx([4.0, -2.0], abs=0.4)  # within 12 % of its length, 4.5
    assert result.reached


@pytest.mark.parametrize("limit", [16, 17, 19, 20, 24, 60])
def test_the_limit_is_never_exceeded(limit: int) -> None:
    case = subject(Cliff(), ("numeric",), 2)
    result = METHOD.explain(case, (torch.full((1, 2), 0.5),), 0, options={"max_steps": limit})
    assert spent(result) <= limit
    assert spent(result) == limit or limit == 60


def test_it_stops_early_when_halving_can_not_help() -> None:
    case = subject(Cliff(), ("numeric",), 2)
    result = METHOD.explain(case, (torch.full((1, 2), 0.5),), 0, options={"max_steps": 2048})
    assert spent(result) < 1000


def test_a_flat_answer_has_no_error() -> None:
    flat = nn.Linear(3, 2)
    nn.init.zeros_(flat.weight)
    result = METHOD.explain(subject(flat, ("numeric",), 2, output_sd=0.0), (torch.ones(1, 3),), 0)
    assert error_of(result) == 0.0
    assert result.values[0].tolist() == [0.0, 0.0, 0.0]


def test_a_small_spread_asks_for_more_steps_than_a_large_one() -> None:
    torch.manual_seed(5)
    point, opposite = torch.rand(1, 1, 8, 8), torch.rand(1, 1, 8, 8)
    tight = METHOD.explain(subject(relu_mlp(), ("image",), 3, 1e-4), (point,), 0, (opposite,), {"tolerance": 0.001})
    loose = METHOD.explain(subject(relu_mlp(), ("image",), 3, 1e4), (point,), 0, (opposite,), {"tolerance": 0.001})
    assert spent(tight) > spent(loose)


def test_a_table_worked_out_by_hand() -> None:
    # F = 2 a + a s + 3 c1 with s = -c1 here; on the path t: dF/da = 2 - t, dF/dc1 = 3 - 3 t
    result = METHOD.explain(
        subject(TableModel(), ("numeric", "categorical"), 2), (torch.tensor([[3.0]]), category(3, 1)), 0
    )
    assert result.values[0].tolist() == pytest.approx([3 * 1.5])
    assert result.values[1].tolist() == pytest.approx([0.0, 1.5, 0.0])
    assert error_of(result) < 1e-6  # 6 - 3 + 3 = 6 = 4.5 + 1.5


def test_a_category_against_another_one_worked_out_by_hand() -> None:
    baselines = (torch.tensor([[3.0]]), category(3, 2))
    case = subject(TableModel(), ("numeric", "categorical"), 2)
    result = METHOD.explain(case, (torch.tensor([[3.0]]), category(3, 1)), 0, baselines)
    # the age stays 3: category 1 brings 3 x -1 + 3, category 2 brought 3 x 0.5
    assert result.values[0].tolist() == [0.0]
    assert result.values[1].tolist() == pytest.approx([0.0, 0.0, -1.5])


def test_padding_gets_nothing_where_the_model_reads_it() -> None:
    class ReadsAll(BagModel):
        def forward(self, words: Tensor) -> Tensor:
            logit = ((words + 1) ** 2).sum(dim=(1, 2))
            return torch.stack([logit, -logit], dim=1)

    result = METHOD.explain(subject(ReadsAll(), ("text",), 2), (tokens(count=2, width=2, padding=2),), 0)
    assert result.values[0][2:].tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert result.values[0][:2].all()


def test_an_input_that_the_model_does_not_look_at_gets_nothing() -> None:
    class Blind(EveryKindModel):
        def forward(self, image: Tensor, number: Tensor, category: Tensor, tokens: Tensor) -> Tensor:
            return super().forward(image, torch.zeros_like(number), category, tokens)

    torch.manual_seed(0)
    case = subject(Blind().eval(), ("image", "numeric", "categorical", "text"), 2)
    inputs = (image(), numbers(1), category(), tokens())
    assert METHOD.is_compatible(case, inputs)
    assert METHOD.explain(case, inputs, 0).values[1].tolist() == [0.0]


def test_the_inputs_of_a_case_share_one_scale() -> None:
    inputs = (image(), numbers(1), category(), tokens())
    case = subject(every_kind(), ("image", "numeric", "categorical", "text"), 2)
    result = METHOD.explain(case, inputs, 1, options={"tolerance": 0.001, "max_steps": 2048})
    with torch.no_grad():
        change = case.module(*inputs) - case.module(*(torch.zeros_like(item) for item in inputs))
    assert sum(float(value.sum()) for value in result.values) == pytest.approx(float(change[0, 1]), rel=0.002)


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.name)
@pytest.mark.parametrize("label", [0, 1])
def test_it_equals_captum_with_many_steps(question, label: int) -> None:
    baselines = tuple(torch.full_like(item, 0.1) for item in question.inputs)
    own = METHOD.explain(question.subject, question.inputs, label, baselines, {"tolerance": 0.001, "max_steps": 2048})
    reference = CaptumIntegratedGradients(question.subject.module).attribute(
        tuple(item.clone().requires_grad_() for item in question.inputs),
        baselines,
        target=label,
        n_steps=2000,
        method="riemann_middle",
    )
    assert own.reached
    expected = [values[0].detach().float() for values in reference]
    size = max(float(values.abs().max()) for values in expected)
    for one, other in zip(own.values, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0.02, atol=0.02 * size)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), label=st.integers(0, 2))
def test_values_add_up_to_the_change_of_the_answer(seed: int, label: int) -> None:
    module, point, base = mlp(), numbers(6, seed), numbers(6, seed + 1)
    result = METHOD.explain(subject(module, ("numeric",), 3), (point,), label, (base,), {"tolerance": 0.01})
    with torch.no_grad():
        difference = float((module(point) - module(base))[0, label])
    allowed = 0.01 * max(abs(difference), 0.1)
    assert result.reached
    assert abs(float(result.values[0].sum()) - difference) <= allowed + 1e-5


def test_it_refuses_models_without_a_gradient() -> None:
    detached = subject(DetachedModel(), ("numeric",), 2)
    assert not METHOD.is_compatible(detached, (torch.ones(1, 3),))
    with pytest.raises(ExplainError, match="no gradient by its inputs"):
        METHOD.explain(detached, (torch.ones(1, 3),), 0)


def test_it_refuses_integer_inputs() -> None:
    words = subject(nn.Sequential(nn.Embedding(5, 2), nn.Flatten(), nn.Linear(6, 2)), ("text",), 2)
    tokens = (torch.tensor([[1, 2, 3]]),)
    assert not METHOD.is_compatible(words, tokens)
    with pytest.raises(ExplainError, match="need inputs of floats"):
        METHOD.explain(words, tokens, 0)


def test_a_gradient_that_is_not_finite_is_refused() -> None:
    class Root(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.stack([x.sum(dim=1).sub(0.5).abs().sqrt(), x.sum(dim=1)], dim=1)

    case = subject(nn.Sequential(nn.Flatten(), Root()), ("image",), 2)
    point = torch.full((1, 1, 1, 1), 0.5)
    assert not Saliency().is_compatible(case, (point,))
    for method in (METHOD, Saliency()):
        with pytest.raises(ExplainError, match="NaN or infinite"):
            method.explain(case, (point,), 0, (point,))


def test_large_inputs_go_through_in_small_batches() -> None:
    seen: list[int] = []

    class Watching(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            seen.append(len(x))
            total = x.mean(dim=(1, 2, 3))
            return torch.stack([total.sin(), total], dim=1)

    METHOD.explain(subject(Watching(), ("image",), 2), (image(3, 224),), 0)
    assert max(seen) <= 16
