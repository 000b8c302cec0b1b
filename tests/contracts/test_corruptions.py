"""Every registered corruption: shape, severity, repeatability, grey and colour."""

import pytest
import torch
from torch import Tensor

from core.guard.robustness.corruptions.base import SEVERITIES
from core.guard.robustness.corruptions.registry import corruptions


@pytest.fixture(params=[one.name for one in corruptions()])
def chosen(request):
    return next(one for one in corruptions() if one.name == request.param)


def pictures(channels: int, side: int = 32) -> Tensor:
    """A bright disc with an edge and a gradient around it."""
    place = torch.linspace(-1, 1, side)
    disc = ((place[:, None] + 0.3) ** 2 + place[None, :] ** 2 < 0.3).float() * 150 + 40 * (place[None, :] + 1)
    return disc.to(torch.uint8).expand(3, channels, side, side).clone()


def corrupted(chosen, pixels, severity, seed=0):
    return chosen.corrupt(pixels, severity, torch.Generator().manual_seed(seed))


def test_says_in_words_what_it_stands_for(chosen):
    assert chosen.title
    assert chosen.words.endswith(".")


@pytest.mark.parametrize("channels", [1, 3])
def test_higher_severities_change_more_and_shape_and_type_stay(chosen, channels):
    pixels = pictures(channels)
    before = pixels.clone()
    found = [corrupted(chosen, pixels, severity) for severity in SEVERITIES]
    changes = [float((one.float() - pixels.float()).abs().mean()) for one in found]
    assert torch.equal(pixels, before)
    assert all(one.dtype == torch.uint8 and one.shape == pixels.shape for one in found)
    assert changes[0] > 0
    assert changes == sorted(changes)


def test_equal_seeds_give_equal_pictures(chosen):
    pixels = pictures(1)
    assert torch.equal(corrupted(chosen, pixels, 3), corrupted(chosen, pixels, 3))


def test_no_picture_at_all_is_fine(chosen):
    assert corrupted(chosen, pictures(1)[:0], 5).shape == (0, 1, 32, 32)
