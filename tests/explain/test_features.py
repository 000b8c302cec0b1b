"""What is switched on and off together."""

import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from explain.errors import ExplainError
from explain.features import count_features, feature_masks, features_by_input, superpixels
from tests.helpers.subjects import category, image, numbers, subject, tokens
from tests.helpers.tiny_models import every_kind, text

EVERY_KIND = subject(every_kind(), ("image", "numeric", "categorical", "text"), 2)


def test_features_are_numbered_over_all_inputs_without_gaps() -> None:
    inputs = (image(side=16), numbers(2), category(), tokens(count=3, padding=2))
    masks = feature_masks(EVERY_KIND, inputs, segments=4)
    assert [tuple(mask.shape) for mask in masks] == [(1, 1, 16, 16), (1, 2), (1, 1), (1, 5, 1)]
    assert all(mask.dtype == torch.int64 for mask in masks)
    n = int(masks[0].max()) + 1
    assert masks[1].tolist() == [[n, n + 1]]
    assert masks[2].tolist() == [[n + 2]]
    assert masks[3].flatten().tolist() == [n + 3, n + 4, n + 5, -1, -1]
    assert count_features(masks) == n + 6
    assert [(s.start, s.stop) for s in features_by_input(masks)] == [(0, n), (n, n + 2), (n + 2, n + 3), (n + 3, n + 6)]


def test_tokens_of_one_word_go_together() -> None:
    words = torch.tensor([0, 0, 4, 7, 4, 9, -1])  # tokens 5 and 6 are padding
    question = replace(subject(text(), ("text",), 2), words=(words,))
    assert feature_masks(question, (tokens(),), segments=9)[0].flatten().tolist() == [0, 0, 1, 2, 1, -1, -1]


def test_a_text_of_nothing_has_no_feature() -> None:
    masks = feature_masks(subject(text(), ("text",), 2), (torch.zeros(1, 3, 4),), segments=9)
    assert count_features(masks) == 0
    assert [(s.start, s.stop) for s in features_by_input(masks)] == [(0, 0)]


@pytest.mark.parametrize("channels", [1, 3])
def test_superpixels_follow_outlines(channels: int) -> None:
    picture = torch.zeros(channels, 40, 40)
    picture[:, 7:19, 5:17] = 1.0
    found = superpixels(picture, 16)
    inside = set(np.unique(found[7:19, 5:17]))
    outside = set(np.unique(found)) - set(np.unique(found[8:18, 6:16]))
    assert not inside & outside
    assert sorted(np.unique(found)) == list(range(found.max() + 1))


def test_the_same_picture_has_the_same_superpixels() -> None:
    picture = image(3, side=32)[0]
    assert np.array_equal(superpixels(picture, 20), superpixels(picture.clone(), 20))


@pytest.mark.parametrize("picture", [torch.full((1, 30, 30), 0.5), torch.zeros(3, 30, 30)], ids=["grey", "black"])
def test_a_flat_picture_is_cut_into_a_grid(picture: torch.Tensor) -> None:
    found = superpixels(picture, 9)
    assert sorted(np.bincount(found.ravel())) == [100] * 9


def test_noise_and_hosts_without_scikit_image_get_a_grid_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert superpixels(image(3, side=28)[0], 49).max() == 48  # SLIC leaves noise in one piece
    monkeypatch.setitem(sys.modules, "skimage.segmentation", None)
    picture = torch.zeros(1, 40, 40)
    picture[:, 7:19, 5:17] = 1.0
    assert sorted(np.bincount(superpixels(picture, 16).ravel())) == [100] * 16


def test_more_segments_than_pixels_are_as_many_as_pixels() -> None:
    assert superpixels(torch.zeros(1, 2, 3), 50).max() == 5


def test_it_refuses_no_segment_and_words_of_another_text() -> None:
    with pytest.raises(ExplainError, match="at least 1 segment, got 0"):
        feature_masks(subject(text(), ("text",), 2), (tokens(),), segments=0)
    question = replace(subject(text(), ("text",), 2), words=(torch.zeros(3, dtype=torch.int64),))
    with pytest.raises(ExplainError, match=r"words must number each of 7 tokens, got \(3,\)"):
        feature_masks(question, (tokens(),), segments=3)
