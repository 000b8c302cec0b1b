"""Shapes of COCO annotations: the masks that pycocotools gives, and a refusal for everything else."""

import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools import mask as reference

from core.formats.coco_shapes import ShapeError, bounding_box, run_lengths, shape_mask

MASKS = st.tuples(st.integers(1, 40), st.integers(1, 40)).flatmap(lambda shape: arrays(bool, shape))


def decoded(encoded):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # pycocotools 2.0.11 and numpy's `copy`
        return reference.decode(encoded).astype(bool)


@settings(max_examples=50)
@given(MASKS)
def test_run_lengths_give_the_mask_back_and_are_those_of_pycocotools(mask):
    encoded = run_lengths(mask)
    height, width = mask.shape
    assert (shape_mask(encoded, None, width, height) == mask).all()
    assert (decoded(encoded) == mask).all()
    pixels = mask.flatten(order="F")
    plain, value = [0], False
    for pixel in pixels:
        if pixel != value:
            plain.append(0)
            value = pixel
        plain[-1] += 1
    assert (shape_mask({"size": [height, width], "counts": plain}, None, width, height) == mask).all()


@given(st.text(alphabet=[chr(code) for code in range(40, 125)], max_size=30))
def test_any_compressed_text_is_a_mask_or_refused(text):
    try:
        mask = shape_mask({"size": [5, 7], "counts": text}, None, 7, 5)
    except ShapeError:
        return
    assert mask.shape == (5, 7)
    assert (decoded({"size": [5, 7], "counts": text}) == mask).all()


def test_a_polygon_is_what_pycocotools_paints():
    polygon = [1.5, 1.5, 8.0, 2.0, 6.0, 9.0]
    expected = decoded(reference.merge(reference.frPyObjects([polygon], 10, 12)))
    assert expected.any()
    assert (shape_mask([polygon], None, 12, 10) == expected).all()


def test_a_box_marks_its_pixels():
    mask = shape_mask(None, [2, 1, 3, 2], 6, 5)
    assert mask.sum() == 6
    assert mask[1:3, 2:5].all()
    assert bounding_box(mask) == [2, 1, 3, 2]
    assert shape_mask([], [5.9, 4.9, 0.1, 0.1], 6, 5).sum() == 1
    assert shape_mask(None, None, 6, 5) is None


@pytest.mark.parametrize(
    ("segmentation", "bbox", "words"),
    [
        (None, [5, 5, 5, 5], "outside the image, which is 8 x 8"),
        (None, [-3, 0, 5, 5], "outside the image"),
        (None, [1, 1, -2, 3], "the box is -2 x 3"),
        (None, [1, 1, 0, 3], "the box is 0 x 3"),
        (None, [1, 1, 2], "the box has 3 numbers"),
        (None, [1, 1, True, 2], "a coordinate is True"),
        (None, [1, 1, float("nan"), 2], "a coordinate is nan"),
        (None, ["1", 1, 1, 2], "a coordinate is '1'"),
        ([[1, 1, 2, 2]], None, "at least three points"),
        ([[1, 1, 2, 2, 3]], None, "at least three points"),
        ([[1, 1, 20, 2, 3, 3]], None, "outside the image"),
        ([[3, 3, 3, 3, 3, 3]], None, "mark no pixel"),
        ({"size": [8, 9], "counts": [64]}, None, "the image is [8, 8]"),
        ({"size": [8, 8], "counts": [60]}, None, "sum to 60, the image has 64"),
        ({"size": [8, 8], "counts": [70, -6]}, None, "sum to 64"),
        ({"size": [8, 8], "counts": [64.0]}, None, "no list of whole numbers"),
        ({"size": [8, 8], "counts": None}, None, "no list of whole numbers"),
        ({"size": [8, 8], "counts": "é"}, None, "does not belong"),
        ({"size": [8, 8], "counts": "o"}, None, "cut short"),
        ({"size": [8, 8], "counts": "o" * 100}, None, "too large"),
    ],
)
def test_what_is_no_shape_is_refused(segmentation, bbox, words):
    with pytest.raises(ShapeError) as caught:
        shape_mask(segmentation, bbox, 8, 8)
    assert words in str(caught.value)
