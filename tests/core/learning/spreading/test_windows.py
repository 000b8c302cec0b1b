"""Windows described by convolutions: equal to figures worked out window by window."""

import numpy as np
import pytest
import torch

from core.learning.spreading.places import Places
from core.learning.spreading.windows import LIKE, NOISE, Shape, describe, template_of

SHAPE = Shape.of(torch.ones(2, 3, dtype=torch.bool))
PICTURES = torch.rand(2, 1, 7, 8, generator=torch.Generator().manual_seed(3))


def described(picture, template):
    found = describe(picture[None], SHAPE, template[None])
    return found.values[0], found.likeness[0, ..., 0]


def test_figures_of_a_window_in_the_middle_by_hand():
    picture = PICTURES[0]
    values, likeness = described(picture, template_of(PICTURES[1], SHAPE, 2, 3))
    inside = picture[0, 3:5, 2:5].numpy()
    around = picture[0, 2:6, 1:6].numpy()
    mean_around = (around.sum() - inside.sum()) / (around.size - inside.size)
    across = [*np.abs(around[1:3, 0] - inside[:, 0]), *np.abs(around[1:3, 4] - inside[:, 2])]
    across += [*np.abs(around[0, 1:4] - inside[0]), *np.abs(around[3, 1:4] - inside[1])]
    grain = [*np.abs(np.diff(inside, axis=0)).ravel(), *np.abs(np.diff(inside, axis=1)).ravel()]
    wanted = [inside.mean(), *np.log([v + NOISE for v in (
        inside.std(), abs(inside.mean() - mean_around), np.mean(across), np.mean(grain))])]  # fmt: skip
    assert values[3, 2].tolist() == pytest.approx(wanted, abs=1e-5)
    other = PICTURES[1, 0, 1:5, 2:7].numpy()
    weight = np.where(np.pad(np.ones((2, 3)), 1) > 0, 1 / 6, 1 / 14).ravel()
    covariance = np.cov(around.ravel(), other.ravel(), aweights=weight, ddof=0)
    correlation = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert float(likeness[3, 2]) == pytest.approx(np.arctanh(correlation), abs=1e-4)


def test_brightness_and_contrast_do_not_change_the_likeness():
    template = template_of(PICTURES[0], SHAPE, 0, 5)
    _, likeness = described(0.2 + 0.5 * PICTURES[0], template)
    assert float(likeness[0, 5]) == pytest.approx(np.arctanh(LIKE), abs=0.3)
    assert int(likeness.argmax()) == 5
    _, flat = described(torch.full((1, 7, 8), 0.4), template)
    assert flat.abs().max() == 0


def test_a_flat_patch_in_a_corner_is_like_one_in_another_corner():
    picture = torch.zeros(1, 7, 8)
    picture[:, 5:, 5:] = 0.3
    other = torch.full((1, 7, 8), 0.1)
    other[:, :2, :3] = 1.0
    _, likeness = described(picture, template_of(other, SHAPE, 0, 0))
    assert int(likeness.argmax()) == likeness.numel() - 1
    assert float(likeness[-1, -1]) == pytest.approx(np.arctanh(LIKE), abs=1e-3)


def test_places_count_corners_alike_and_the_same_corner_more():
    places = Places(torch.tensor([[0.0, 5.0, 0.0, 5.0]] * 3), 8)
    odds = places.log_odds(3, 3)
    assert odds.shape == (6, 6)
    assert float(odds[0, 0]) > float(odds[0, 5]) > 0 > float(odds[2, 2])
    assert float(odds[0, 5]) == pytest.approx(float(odds[5, 5]), abs=1e-3)
    assert odds.exp().mean() == pytest.approx(1.0, abs=1e-5)
    apart = Places(torch.tensor([[0.0, 5.0, 0.0, 5.0], [2.0, 3.0, 2.0, 3.0]]), 8)
    assert float(apart.log_odds(3, 3, without=1)[2, 2]) < float(apart.log_odds(3, 3)[2, 2])
    assert Places(torch.zeros(1, 4), 8).log_odds(3, 3, without=0).abs().max() == 0
