"""Meanings of 'absent', and means of maps over several of them."""

from dataclasses import replace

import pytest
import torch
from scipy.ndimage import gaussian_filter

from explain.absent import blurred
from explain.base import Subject
from explain.baselines import Baseline, baseline, baseline_choices, baselines, explain_over
from explain.errors import ExplainError
from explain.integrated_gradients import IntegratedGradients
from explain.occlusion import Occlusion
from explain.saliency import Saliency
from tests.helpers.subjects import category, image, subject, tokens
from tests.helpers.tiny_models import LinearModel, every_kind, mlp, relu_mlp, text

PLAIN = subject(every_kind(), ("image", "numeric", "categorical", "text"), 2)
BACKGROUND = (
    torch.cat([image(seed=n) for n in range(1, 12)]),
    torch.arange(11.0)[:, None],
    torch.eye(3)[[0, 2, 2, 1, 2, 0, 2, 2, 1, 2, 2]],
    torch.cat([tokens(count=n % 7 + 1, padding=6 - n % 7, seed=n) for n in range(11)]),
)
SUBJECT = replace(PLAIN, background=BACKGROUND)
INPUTS = (image(), torch.tensor([[70.0]]), category(), tokens())
NEUTRAL = (torch.zeros(1, 1, 8, 8), torch.tensor([[4.5]]), torch.tensor([[0.2, 0.2, 0.6]]), torch.zeros(1, 7, 4))
REFERENCE = tuple(part[3:4] for part in BACKGROUND)


def build(name: str, chosen: Subject = SUBJECT) -> tuple[tuple[torch.Tensor, ...], ...]:
    return baseline(name).build(chosen, INPUTS, NEUTRAL, REFERENCE)


@pytest.mark.parametrize("known", baselines(), ids=lambda known: known.name)
def test_every_baseline_has_the_inputs_form_keeps_padding_zero_and_can_be_explained_against(known: Baseline) -> None:
    made = known.build(SUBJECT, INPUTS, NEUTRAL, REFERENCE)
    for absent in made:
        for part, item in zip(absent, INPUTS, strict=True):
            assert part.shape == item.shape
            assert part.dtype == item.dtype
            assert torch.isfinite(part).all()
        assert not absent[3][0, 5:].any()
    result = explain_over(Occlusion(), SUBJECT, INPUTS, 0, made)
    assert [value.shape for value in result.values] == [item.shape[1:] for item in INPUTS]
    assert len(known.title) > 3
    assert known.what.endswith(".")


def test_zero_is_zero_and_neutral_and_case_are_what_was_given() -> None:
    assert not any(part.any() for part in build("zero")[0])
    assert all(torch.equal(a, b) for a, b in zip(build("neutral")[0], NEUTRAL, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(build("case")[0][:3], REFERENCE[:3], strict=True))
    assert torch.equal(build("case")[0][3][0, :4], REFERENCE[3][0, :4])  # that text has four tokens


def test_mean_is_the_pictures_mean_colour_and_the_average_of_other_cases() -> None:
    picture, age, kind, words = build("mean")[0]
    torch.testing.assert_close(picture, torch.full_like(picture, float(INPUTS[0].mean())))
    assert age.tolist() == [[5.0]]
    torch.testing.assert_close(kind, torch.tensor([[2, 2, 7]]) / 11)
    assert not words.any()


def test_median_is_that_of_other_cases() -> None:
    even = replace(PLAIN, background=tuple(part[:4] for part in BACKGROUND))
    picture, age, kind, words = build("median", even)[0]
    torch.testing.assert_close(picture[0], BACKGROUND[0][:4].quantile(0.5, dim=0))
    assert age.tolist() == [[1.5]]
    assert kind.tolist() == [[0.0, 0.0, 1.0]]
    assert not words.any()


def test_blur_agrees_with_scipy() -> None:
    picture = image(2, side=24)
    ours = blurred(picture, 2.0)[0].numpy()
    for channel, smooth in zip(picture[0].numpy(), ours, strict=True):
        assert smooth == pytest.approx(gaussian_filter(channel, 2.0, mode="nearest", radius=6), abs=1e-6)


def test_blur_leaves_other_fields_neutral() -> None:
    picture, age, _, _ = build("blur")[0]
    assert float(picture.std()) < 0.6 * float(INPUTS[0].std())
    assert float(picture.mean()) == pytest.approx(float(INPUTS[0].mean()), abs=0.1)
    assert age.tolist() == [[4.5]]


def test_background_is_several_other_cases() -> None:
    made = build("background")
    assert [float(absent[1]) for absent in made] == [0, 1, 2, 4, 5, 6, 8, 9]


def test_choices_follow_kinds_and_background() -> None:
    def names(chosen: Subject) -> list[str]:
        return [known.name for known in baseline_choices(chosen)]

    assert names(SUBJECT) == ["neutral", "zero", "mean", "blur", "median", "background", "case"]
    assert names(PLAIN) == ["neutral", "zero", "mean", "blur", "case"]
    assert names(subject(mlp(), ("numeric",), 3)) == ["neutral", "zero", "case"]
    words = subject(text(), ("text",), 2)
    assert names(replace(words, background=(tokens(),))) == ["neutral", "zero", "background", "case"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("neutral", "'neutral' needs what the model takes for absent"),
        ("case", "needs a reference case"),
        ("background", "the baseline 'background' does not fit this model"),
        ("dark", "there is no baseline 'dark'; known: neutral, zero"),
    ],
)
def test_it_says_what_is_missing(name: str, message: str) -> None:
    with pytest.raises(ExplainError, match=message):
        baseline(name).build(PLAIN, INPUTS)


def test_a_reference_of_another_model_is_refused() -> None:
    with pytest.raises(ExplainError, match="a baseline needs 4 inputs, got 1"):
        baseline("case").build(SUBJECT, INPUTS, None, (image(),))


def test_the_mean_of_maps_by_hand() -> None:
    question = subject(LinearModel(), ("numeric",), 2)
    point, made = torch.tensor([[1.0, 2.0, 3.0]]), ((torch.zeros(1, 3),), (torch.tensor([[2.0, 2.0, 1.0]]),))
    result = explain_over(IntegratedGradients(), question, (point,), 0, made)
    assert result.values[0].tolist() == pytest.approx([0.0, -2.0, 7.5])  # mean of [1, -4, 9] and [-1, 0, 6]
    assert result.completeness_error == pytest.approx(0.0, abs=1e-6)
    assert result.reached
    assert result.steps == 2 * (IntegratedGradients().explain(question, (point,), 0).steps or 0)
    assert result.standard_errors == pytest.approx((0.5,))  # sums 6 and 5: sd 0.7071 over sqrt(2)


def test_the_error_is_that_of_the_mean_map() -> None:
    question = subject(relu_mlp(), ("image",), 3, output_sd=0.1)
    made = tuple((image(seed=seed),) for seed in range(1, 5))
    options = {"max_steps": 32, "tolerance": 0.001}
    result = explain_over(IntegratedGradients(), question, (image(),), 0, made, options)
    with torch.no_grad():
        change = question.module(image())[0, 0] - torch.cat([question.module(b)[:, 0] for (b,) in made]).mean()
    wanted = abs(float(result.values[0].double().sum()) - float(change)) / max(abs(float(change)), 0.01)
    assert result.completeness_error == pytest.approx(wanted, rel=1e-3, abs=1e-6)
    assert result.reached == (wanted <= 0.001)


def test_a_method_without_baseline_is_asked_once_and_none_is_refused() -> None:
    question = subject(relu_mlp(), ("image",), 3)
    made = ((image(seed=1),), (image(seed=2),))
    once = explain_over(Saliency(), question, (image(),), 0, made)
    assert torch.equal(once.values[0], Saliency().explain(question, (image(),), 0).values[0])
    with pytest.raises(ExplainError, match="no baseline was given"):
        explain_over(Saliency(), question, (image(),), 0, ())
