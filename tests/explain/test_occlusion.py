"""Occlusion against answers worked out by hand and against Captum."""

import pytest
import torch
from captum.attr import Occlusion as CaptumOcclusion
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from explain.occlusion import Occlusion, positions
from tests.helpers.subjects import category, image, numbers, subject, tokens
from tests.helpers.tiny_models import BagModel, LinearModel, TableModel, convolutional, fusion

METHOD = Occlusion()


def test_linear_model_gives_weight_times_input() -> None:
    result = METHOD.explain(subject(LinearModel(), ("numeric",), 2), (torch.tensor([[1.0, 2.0, 3.0]]),), 0)
    assert result.values[0].tolist() == pytest.approx([1.0, -4.0, 9.0])
    assert result.steps == 3
    assert result.completeness_error is None


def test_linear_model_with_a_baseline_gives_weight_times_difference() -> None:
    point, base = torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[1.0, 0.0, 1.0]])
    result = METHOD.explain(subject(LinearModel(), ("numeric",), 2), (point,), 0, (base,))
    assert result.values[0].tolist() == pytest.approx([0.0, -4.0, 6.0])


def test_windows_that_do_not_overlap_add_up_on_a_linear_image_model() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    point = image()
    result = METHOD.explain(subject(model, ("image",), 2), (point,), 1, None, {"window": 0.25, "stride": 1.0})
    with torch.no_grad():
        difference = float((model(point) - model(torch.zeros_like(point)))[0, 1])
        corner = point.clone()
        corner[..., :2, :2] = 0
        first = float((model(point) - model(corner))[0, 1])
    assert float(result.values[0].sum()) == pytest.approx(difference, abs=1e-5)
    assert result.values[0][0, :2, :2].flatten().tolist() == pytest.approx([first / 4] * 4, abs=1e-6)
    assert result.steps == 16


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("label", [0, 2])
def test_it_equals_captum_shared_out_over_the_window(channels: int, label: int) -> None:
    model, point = convolutional(channels), image(channels)
    own = METHOD.explain(subject(model, ("image",), 3), (point,), label, None, {"window": 0.25, "stride": 0.5})
    with torch.no_grad():
        reference = CaptumOcclusion(model).attribute(
            point, sliding_window_shapes=(channels, 2, 2), strides=(channels, 1, 1), target=label
        )
    torch.testing.assert_close(own.values[0], reference[0].float() / (4 * channels), rtol=1e-4, atol=1e-6)


def test_it_equals_captum_on_several_inputs() -> None:
    model, point, table = fusion(), image(), numbers(3)
    base = (torch.full_like(point, 0.5), torch.ones_like(table))
    case = subject(model, ("image", "numeric"), 2)
    own = METHOD.explain(case, (point, table), 1, base, {"window": 0.5, "stride": 0.5})
    with torch.no_grad():
        reference = CaptumOcclusion(model).attribute(
            (point, table),
            sliding_window_shapes=((1, 4, 4), (1,)),
            strides=((1, 2, 2), 1),
            baselines=base,
            target=1,
        )
    torch.testing.assert_close(own.values[0], reference[0][0].float() / 16, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(own.values[1], reference[1][0].float(), rtol=1e-4, atol=1e-6)
    assert own.steps == 9 + 3


def test_integer_inputs_are_occluded_element_by_element() -> None:
    torch.manual_seed(0)
    words = nn.Sequential(nn.Embedding(5, 2), nn.Flatten(), nn.Linear(6, 2)).eval()
    tokens = torch.tensor([[1, 2, 3]])
    case = subject(words, ("text",), 2)
    assert METHOD.is_compatible(case, (tokens,))
    result = METHOD.explain(case, (tokens,), 0)
    with torch.no_grad():
        expected = float((words(tokens) - words(torch.tensor([[1, 0, 3]])))[0, 0])
    assert float(result.values[0][1]) == pytest.approx(expected, abs=1e-6)


def test_a_token_is_occluded_with_all_its_numbers() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(6, 2))
    words = torch.rand(1, 3, 2)
    result = METHOD.explain(subject(model, ("text",), 2), (words,), 0)
    with torch.no_grad():
        share = float((words.flatten()[:2] * model[1].weight[0, :2]).sum()) / 2
    assert result.values[0][0].tolist() == pytest.approx([share, share], abs=1e-6)
    assert result.steps == 3


def test_a_category_is_taken_away_as_a_whole() -> None:
    case = subject(TableModel(), ("numeric", "categorical"), 2)
    result = METHOD.explain(case, (torch.tensor([[3.0]]), category(3, 1)), 0)
    # F = 6 - 3 + 3 = 6; without the age 3; without the category 6; the difference is shared by the three places
    assert result.values[0].tolist() == pytest.approx([3.0])
    assert result.values[1].tolist() == pytest.approx([0.0, 0.0, 0.0])
    assert result.steps == 2
    other = METHOD.explain(case, (torch.tensor([[3.0]]), category(3, 1)), 0, (torch.zeros(1, 1), category(3, 0)))
    assert other.values[1].tolist() == pytest.approx([-1.0, -1.0, -1.0])  # 6 - (6 + 3) = -3


def test_tokens_one_by_one_and_padding_not_at_all() -> None:
    case = subject(BagModel(), ("text",), 2)
    words = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]])
    result = METHOD.explain(case, (words,), 0)
    assert result.values[0].tolist() == [[0.75, 0.75], [-0.75, -0.75], [0.0, 0.0]]  # 1 + .5 and -2 + .5, halved
    assert result.steps == 2
    assert METHOD.explain(case, (tokens(count=0, width=2, padding=3),), 0).steps == 0


def test_all_kinds_share_one_scale_on_a_linear_model() -> None:
    class Linear(nn.Module):
        def forward(self, picture: Tensor, number: Tensor, kind: Tensor, words: Tensor) -> Tensor:
            logit = picture.sum(dim=(1, 2, 3)) + 2 * number[:, 0] + 3 * kind[:, 1] - words.sum(dim=(1, 2))
            return torch.stack([logit, -logit], dim=1)

    inputs = (image(), numbers(1), category(), tokens())
    case = subject(Linear(), ("image", "numeric", "categorical", "text"), 2)
    result = METHOD.explain(case, inputs, 0, None, {"window": 0.25, "stride": 1.0})
    expected = [float(inputs[0].sum()), 2 * float(inputs[1]), 3.0, -float(inputs[3].sum())]
    assert [float(value.sum()) for value in result.values] == pytest.approx(expected, abs=1e-4)


def test_one_number_without_an_axis() -> None:
    class Square(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.stack([x * x, x], dim=1)

    result = METHOD.explain(subject(Square(), ("numeric",), 2), (torch.tensor([3.0]),), 0)
    assert float(result.values[0]) == 9.0


def test_one_pixel_image() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(1, 2, bias=False))
    nn.init.constant_(model[1].weight, 2.0)
    result = METHOD.explain(subject(model, ("image",), 2), (torch.full((1, 1, 1, 1), 0.5),), 0)
    assert result.values[0].tolist() == [[[1.0]]]


@given(length=st.integers(1, 60), data=st.data())
def test_positions_cover_everything_and_never_stick_out(length: int, data: st.DataObject) -> None:
    window = data.draw(st.integers(1, length))
    stride = data.draw(st.integers(1, window))
    starts = positions(length, window, stride)
    assert len(set(starts)) == len(starts)
    assert {place for start in starts for place in range(start, start + window)} == set(range(length))
