"""What stands where something was removed."""

import pytest
import torch
from scipy.ndimage import gaussian_filter

from explain.assessment.imputation import FILLS, blurred, fill, fill_picture, substitute
from explain.errors import ExplainError
from tests.helpers.subjects import category, image, numbers, subject, tokens
from tests.helpers.tiny_models import every_kind

RAMP = torch.linspace(0, 1, 28)[None, :, None].expand(3, 28, 28).contiguous()
SQUARE = torch.zeros(28, 28, dtype=torch.bool)
SQUARE[8:20, 8:20] = True


@pytest.mark.parametrize("how", FILLS)
def test_only_what_is_removed_changes_and_stays_a_picture(how) -> None:
    picture = image(3, 28)[0]
    filled = fill_picture(picture, SQUARE, how)
    assert torch.equal(filled[:, ~SQUARE], picture[:, ~SQUARE])
    assert not torch.equal(filled[:, SQUARE], picture[:, SQUARE])
    assert float(filled.min()) >= 0
    assert float(filled.max()) <= 1
    assert torch.equal(filled, fill_picture(picture, SQUARE, how))
    assert torch.equal(picture, image(3, 28)[0])


def test_the_mean_is_that_of_each_colour() -> None:
    picture = torch.stack([torch.full((4, 4), 0.25), torch.eye(4)])
    mask = torch.zeros(4, 4, dtype=torch.bool)
    mask[0, 0] = True
    assert fill_picture(picture, mask, "mean")[:, 0, 0].tolist() == [0.25, 0.25]


def test_the_blur_is_a_gaussian_one() -> None:
    picture = image(1, 32)[0]
    reference = gaussian_filter(picture[0].double().numpy(), 2.0, mode="mirror", radius=6)
    torch.testing.assert_close(blurred(picture, 2.0)[0].double(), torch.from_numpy(reference), rtol=0, atol=1e-6)


def test_the_neighbourhood_goes_on_in_the_hole() -> None:
    assert float((fill_picture(RAMP, SQUARE, "neighbour") - RAMP).abs().max()) < 0.05
    flat = torch.full((1, 9, 7), 0.3)
    flat[:, 2:5, 1:6] = 1.0
    torch.testing.assert_close(fill_picture(flat, flat[0] == 1, "neighbour"), torch.full((1, 9, 7), 0.3))


def test_a_picture_without_anything_left_becomes_its_mean() -> None:
    everything = torch.ones(28, 28, dtype=torch.bool)
    torch.testing.assert_close(fill_picture(RAMP, everything, "neighbour"), torch.full_like(RAMP, 0.5))
    assert torch.equal(fill_picture(RAMP, ~everything, "neighbour"), RAMP)


def test_noise_follows_its_seed_and_the_picture() -> None:
    picture = 0.5 + 0.05 * torch.randn(1, 64, 64, generator=torch.Generator().manual_seed(0))
    noise = substitute(picture, "noise", seed=1)
    assert not torch.equal(noise, substitute(picture, "noise", seed=2))
    assert float(noise.mean()) == pytest.approx(0.5, abs=0.01)
    assert float(noise.std()) == pytest.approx(0.05, abs=0.005)


def test_fields_become_neutral_and_words_are_left_out() -> None:
    inputs = (image(), numbers(1), category(), tokens())
    neutral = (torch.zeros_like(inputs[0]), torch.tensor([[7.0]]), torch.zeros(1, 3), torch.zeros_like(inputs[3]))
    words = torch.tensor([True, False, False, False, False, False, False])
    yes = torch.tensor(True)
    asked = subject(every_kind(), ("image", "numeric", "categorical", "text"), 2)
    filled = fill(asked, inputs, (None, yes.reshape(1), yes, words), "blur", neutral)
    assert torch.equal(filled[0], inputs[0])
    assert filled[1].tolist() == [[7.0]]
    assert filled[2].tolist() == [[0.0, 0.0, 0.0]]
    assert not filled[3][0, 0].any()
    assert torch.equal(filled[3][0, 1:], inputs[3][0, 1:])


def test_wrong_masks_and_fills_are_refused() -> None:
    with pytest.raises(ExplainError, match=r"the mask must be \(28, 28\)"):
        fill_picture(RAMP, SQUARE[:5], "mean")
    with pytest.raises(ExplainError, match="mean, blur or noise, got 'paint'"):
        fill_picture(RAMP, SQUARE, "paint")
    asked = subject(every_kind(), ("text",), 2)
    with pytest.raises(ExplainError, match=r"the mask of a text input must be \(7,\)"):
        fill(asked, (tokens(),), (torch.ones(4, dtype=torch.bool),), "mean", (tokens(),))
