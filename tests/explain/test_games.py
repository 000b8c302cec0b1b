"""Methods that switch features on and off: against enumeration, Captum, and answers worked out by hand."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from captum.attr import FeatureAblation as CaptumFeatureAblation
from captum.attr import ShapleyValueSampling as CaptumShapleyValueSampling
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from explain.base import Explainer, Subject
from explain.errors import ExplainError
from explain.feature_ablation import FeatureAblation
from explain.features import count_features, feature_masks, features_by_input
from explain.kernel_shap import KernelShap
from explain.lime import Lime
from explain.quality import summed
from explain.shapley_sampling import ShapleySampling, shapley_values
from tests.helpers.subjects import Question, category, image, numbers, questions, subject, tokens
from tests.helpers.tiny_models import BagModel, LinearModel, TableModel, convolutional, every_kind, mlp

METHODS = (FeatureAblation(), ShapleySampling(), KernelShap(), Lime())
DRAWING = METHODS[1:]
EXACT = METHODS[1:3]
POINT = torch.tensor([[1.0, 2.0, 3.0]])
EVERY_KIND = subject(every_kind(), ("image", "numeric", "categorical", "text"), 2)
INPUTS = (image(), numbers(1), category(), tokens(count=3))


def worths(question: Subject, inputs: tuple[Tensor, ...], values: tuple[Tensor, ...], segments: int) -> np.ndarray:
    """Return the value of each feature: the sum over its elements."""
    masks = feature_masks(question, inputs, segments=segments)
    found = np.zeros(count_features(masks))
    for mask, value, item in zip(masks, values, inputs, strict=True):
        numbers = mask.expand(item.shape)[0]
        np.add.at(found, numbers[numbers >= 0].numpy(), value[numbers >= 0].numpy())
    return found


def by_enumeration(question: Subject, inputs: tuple[Tensor, ...], label: int, segments: int) -> np.ndarray:
    """Return the Shapley values of features against zeros: the mean contribution over every order."""
    masks = feature_masks(question, inputs, segments=segments)
    count = count_features(masks)

    def worth(members: frozenset[int]) -> float:
        there = torch.tensor([n in members for n in range(count)] + [True])
        with torch.no_grad():
            logits = question.module(*(item * there[mask] for item, mask in zip(inputs, masks, strict=True)))
        return float(logits[0, label])

    known = {
        frozenset(chosen): worth(frozenset(chosen))
        for size in range(count + 1)
        for chosen in itertools.combinations(range(count), size)
    }
    found = np.zeros(count)
    for player in range(count):
        for members, value in known.items():
            if player not in members:
                weight = math.factorial(len(members)) * math.factorial(count - len(members) - 1)
                found[player] += weight * (known[members | {player}] - value) / math.factorial(count)
    return found


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_a_linear_model_gives_weight_times_difference(method: Explainer) -> None:
    base = torch.tensor([[0.0, 0.0, 1.0]])
    options = {"penalty": 0.0001} if method.name == "lime" else None
    result = method.explain(subject(LinearModel(), ("numeric",), 2), (POINT,), 0, (base,), options)
    assert result.values[0].tolist() == pytest.approx([1.0, -4.0, 6.0], rel=2e-3)
    assert result.steps <= 8


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_a_category_goes_as_one_and_words_go_whole(method: Explainer) -> None:
    options = {"penalty": 0.0001} if method.name == "lime" else None
    table = subject(TableModel(), ("numeric", "categorical"), 2)
    age, kind = method.explain(table, (torch.tensor([[2.0]]), category()), 0, None, options).values
    ablated = (2.0, 1.0)  # F is 4 - 2 + 3 = 5, 3 without the age, 4 without the category
    shapley = (3.0, 2.0)  # F of the age alone is 4, of the category alone 3
    wanted = shapley if method in EXACT else ablated  # LIME looks near the case: the empty input hardly counts
    assert (float(summed(age)), float(summed(kind))) == pytest.approx(wanted, rel=2e-3)

    words = torch.tensor([0, 0, 1, -1])
    text = replace(subject(BagModel(), ("text",), 2), words=(words,))
    bag = torch.tensor([[[1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, 0.0]]])
    value = method.explain(text, (bag,), 0, None, options).values[0]
    assert summed(value).tolist() == pytest.approx([2.0, 2.0, -1.5, 0.0], rel=2e-3)  # (1 + 2 + 2 x 0.5) / 2 each


@pytest.mark.parametrize("method", EXACT, ids=lambda method: method.name)
def test_with_few_features_the_values_are_exact_shapley_values(method: Explainer) -> None:
    segments = 2
    result = method.explain(EVERY_KIND, INPUTS, 1, None, {"segments": segments})
    wanted = by_enumeration(EVERY_KIND, INPUTS, 1, segments)
    assert len(wanted) == 7
    assert worths(EVERY_KIND, INPUTS, result.values, segments) == pytest.approx(wanted, abs=1e-5)
    assert result.steps == 2**7
    assert result.standard_errors == (0.0, 0.0, 0.0, 0.0)
    assert result.completeness_error == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize("method", EXACT, ids=lambda method: method.name)
def test_sampled_values_add_up_and_come_near_the_exact_ones(method: Explainer) -> None:
    options = {"segments": 6, "samples": 400}
    result = method.explain(EVERY_KIND, INPUTS, 1, None, options)
    wanted = by_enumeration(EVERY_KIND, INPUTS, 1, 6)
    found = worths(EVERY_KIND, INPUTS, result.values, 6)
    assert len(wanted) > 8
    assert np.abs(found - wanted).max() < 0.15 * np.abs(wanted).max()
    assert result.completeness_error == pytest.approx(0.0, abs=1e-4)
    assert result.reached
    assert result.steps <= 402
    assert len(result.standard_errors) == 4
    sums = np.array([wanted[part].sum() for part in features_by_input(feature_masks(EVERY_KIND, INPUTS, segments=6))])
    off = np.abs(np.array([float(value.double().sum()) for value in result.values]) - sums)
    assert (off <= 4 * np.array(result.standard_errors) + 1e-5).all()
    assert 0 < max(result.standard_errors) < np.abs(sums).max()


@pytest.mark.parametrize("method", EXACT, ids=lambda method: method.name)
def test_standard_errors_are_the_spread_over_seeds(method: Explainer) -> None:
    runs = [
        method.explain(EVERY_KIND, INPUTS, 1, None, {"segments": 12, "samples": 120, "seed": seed})
        for seed in range(30)
    ]
    sums = np.array([[float(value.double().sum()) for value in run.values] for run in runs])
    told = np.sqrt(np.mean([np.square(run.standard_errors) for run in runs], axis=0))
    assert told == pytest.approx(sums.std(axis=0, ddof=1), rel=0.5)


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.name)
def test_ablation_agrees_with_captum(question: Question) -> None:
    masks = feature_masks(question.subject, question.inputs, segments=64)
    ours = FeatureAblation().explain(question.subject, question.inputs, 1).values
    rest = count_features(masks)  # Captum needs a number for padding too
    numbered = tuple(
        torch.where(mask < 0, rest, mask).expand_as(item) for mask, item in zip(masks, question.inputs, strict=True)
    )
    with torch.no_grad():
        captum = CaptumFeatureAblation(question.subject.module).attribute(
            question.inputs, target=1, feature_mask=numbered
        )
    for value, other, mask in zip(ours, captum, numbered, strict=True):
        sizes = torch.bincount(mask.flatten())[mask[0]]
        torch.testing.assert_close(value * sizes, other[0], rtol=1e-5, atol=1e-5)


def test_shapley_sampling_agrees_with_captum_where_order_does_not_matter() -> None:
    question = subject(nn.Sequential(nn.Flatten(), nn.Linear(64, 2)), ("image",), 2)
    inputs = (image(),)
    mask = feature_masks(question, inputs, segments=10)[0]
    ours = ShapleySampling().explain(question, inputs, 0, None, {"segments": 10, "samples": 40}).values[0]
    with torch.no_grad():
        captum = CaptumShapleyValueSampling(question.module).attribute(
            inputs, target=0, feature_mask=(mask,), n_samples=2
        )
    torch.testing.assert_close(ours * torch.bincount(mask.flatten())[mask[0]], captum[0][0], rtol=1e-5, atol=1e-5)


def test_shapley_values_by_hand() -> None:
    assert shapley_values(np.array([0.0, 1.0, 2.0, 5.0])).tolist() == [2.0, 3.0]
    assert shapley_values(np.array([1.0, 4.0])).tolist() == [3.0]


@given(st.lists(st.integers(-50, 50), min_size=16, max_size=16), st.integers(-9, 9))
def test_shapley_values_add_up_and_ignore_who_adds_nothing(worths_of_four: list[int], gain: int) -> None:
    worths = np.array(worths_of_four, dtype=float)
    values = shapley_values(worths)
    assert values.sum() == pytest.approx(worths[-1] - worths[0])
    joined = shapley_values(np.concatenate([worths, worths + gain]))  # a fifth player who always adds `gain`
    assert joined == pytest.approx([*values, gain], abs=1e-9)


def test_lime_is_the_weighted_ridge_and_lasso_leaves_out() -> None:
    question = subject(mlp(), ("numeric",), 3)
    inputs = (numbers(6),)
    ridge = Lime().explain(question, inputs, 0, None, {"penalty": 0.001}).values[0]
    lasso = Lime().explain(question, inputs, 0, None, {"model": "lasso", "penalty": 0.2}).values[0]
    assert bool((ridge != 0).all())
    assert 0 < int((lasso == 0).sum()) < 6
    generator = np.random.default_rng(0)
    there = generator.random((320, 6)) < 0.5
    there[0] = True
    with torch.no_grad():
        answers = question.module(inputs[0] * torch.from_numpy(there))[:, 0].double().numpy()
    weights = np.exp(-((1 - np.sqrt(there.sum(axis=1) / 6)) ** 2) / 0.25**2)
    centred = there - np.average(there, axis=0, weights=weights)
    gram = centred.T @ (weights[:, None] * centred)
    gram += 0.001 * np.diag(np.diag(gram))  # of standardised columns
    wanted = np.linalg.solve(gram, centred.T @ (weights * (answers - np.average(answers, weights=weights))))
    assert ridge.tolist() == pytest.approx(wanted, abs=1e-5)


def test_a_penalty_that_leaves_no_feature_is_said() -> None:
    question = subject(mlp(), ("numeric",), 3)
    with pytest.raises(ExplainError, match="penalty of 1 leaves no feature in the linear model"):
        Lime().explain(question, (numbers(6),), 0, None, {"model": "lasso", "penalty": 1.0})


@pytest.mark.parametrize("method", DRAWING, ids=lambda method: method.name)
def test_the_seed_alone_decides(method: Explainer) -> None:
    question = subject(convolutional(3), ("image",), 3)
    options = {"segments": 40, "samples": 64, "seed": 7}
    first = method.explain(question, (image(3),), 1, None, options)
    before = torch.random.get_rng_state()
    second = method.explain(question, (image(3),), 1, None, options)
    assert torch.equal(before, torch.random.get_rng_state())
    other = method.explain(question, (image(3),), 1, None, options | {"seed": 8})
    assert torch.equal(first.values[0], second.values[0])
    assert not torch.equal(first.values[0], other.values[0])


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_a_case_that_equals_the_baseline_has_zeros(method: Explainer) -> None:
    result = method.explain(EVERY_KIND, INPUTS, 0, INPUTS)
    assert not any(value.any() for value in result.values)
    assert result.steps == 0


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_one_feature_has_all_of_the_change(method: Explainer) -> None:
    question = subject(mlp(1), ("numeric",), 3)
    options = {"penalty": 0.0001} if method.name == "lime" else None
    result = method.explain(question, (torch.tensor([[1.5]]),), 0, None, options)
    with torch.no_grad():
        wanted = question.module(torch.tensor([[1.5], [0.0]]))[:, 0]
    assert float(result.values[0]) == pytest.approx(float(wanted[0] - wanted[1]), rel=1e-3)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_a_long_text_costs_what_it_says(method: Explainer) -> None:
    question, inputs = subject(BagModel(), ("text",), 2), (tokens(count=120, width=2, padding=8),)
    result = method.explain(question, inputs, 0)
    said = method.cost(question, inputs).forwards
    assert result.steps <= said <= 1.1 * result.steps + 4
    with torch.no_grad():
        wanted = inputs[0][0, :120] @ torch.tensor([1.0, -2.0]) + 0.5
    if method.name != "lime":
        torch.testing.assert_close(summed(result.values[0])[:120], wanted, rtol=1e-3, atol=1e-3)
    assert not result.values[0][120:].any()


class Logarithm(nn.Module):
    """Minus infinity at zero."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.log(x).sum(dim=1, keepdim=True).expand(-1, 2)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_a_model_without_answer_for_the_absent_says_so(method: Explainer) -> None:
    question = subject(Logarithm(), ("numeric",), 2)
    assert method.is_compatible(question, (POINT,))
    with pytest.raises(ExplainError, match=r"NaN or infinity without some features\. Choose another baseline"):
        method.explain(question, (POINT,), 0)
    assert torch.isfinite(method.explain(question, (POINT,), 0, (torch.ones(1, 3),)).values[0]).all()


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_nothing_to_switch_does_not_fit(method: Explainer) -> None:
    assert not method.is_compatible(subject(BagModel(), ("text",), 2), (torch.zeros(1, 3, 2),))
