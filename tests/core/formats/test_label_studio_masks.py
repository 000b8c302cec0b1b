"""Brushes and shapes of Label Studio become the pixels that were meant."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.formats.label_studio_masks import brush_mask, brush_rle, ellipse_mask, polygon_mask, rectangle_mask


def packed(bits):
    text = bits.replace(" ", "")
    text += "0" * (-len(text) % 8)
    return list(int(text, 2).to_bytes(len(text) // 8, "big"))


HEAD = "{:032b} 00111 0010 0011 0111 1111 "  # 8 bits a value, runs of 3, 4, 8, 16 bits


def test_a_brush_worked_by_hand():
    # two pixels: red 7, green 7, blue 7, alpha 0 as a list of four; then 4 times 200 as a run
    values = "00000111 00000111 00000111 00000000"
    bits = HEAD.format(8) + f"0 00 011 {values}" + "1 00 011 11001000"
    assert brush_mask(packed(bits), 2, 1).tolist() == [[False, True]]


def test_the_head_is_label_studios():
    assert brush_rle(np.zeros((3, 6), bool))[:6] == [0, 0, 0, 72, 57, 27]


def test_what_we_write_worked_by_hand():
    mask = np.array([[True, False]])
    assert brush_rle(mask) == packed(HEAD.format(8) + "1 00 011 11111111" + "1 00 011 00000000")


@given(arrays(bool, st.tuples(st.integers(1, 30), st.integers(1, 30))))
def test_there_and_back(mask):
    assert (brush_mask(brush_rle(mask), mask.shape[1], mask.shape[0]) == mask).all()


def test_a_large_mask_there_and_back():
    mask = np.zeros((700, 900), dtype=bool)
    mask[100:400, 33:800] = True
    rle = brush_rle(mask)
    assert (brush_mask(rle, 900, 700) == mask).all()
    assert len(rle) < 3000


@pytest.mark.parametrize("rle", [[], [0, 0, 0, 8], [300], [-1], [0, 0, 0, 8, 57, 27, 248]])
def test_a_broken_brush(rle):
    with pytest.raises(ValueError, match=r"."):
        brush_mask(rle, 2, 1)


def test_a_brush_of_another_size_is_not_unpacked():
    with pytest.raises(ValueError, match="4,294,967,295 values"):
        brush_mask(packed("1" * 32 + HEAD.format(0)[33:]), 2, 1)


def test_rectangles():
    assert rectangle_mask(25, 50, 50, 50, 0, 4, 2).astype(int).tolist() == [[0, 0, 0, 0], [0, 1, 1, 0]]
    whole = rectangle_mask(0, 0, 100, 100, 0, 7, 5)
    assert whole.all()
    # turned by a quarter about the middle of the upper edge, 4 x 2 pixels become 2 wide to the left and 4 high
    turned = rectangle_mask(50, 0, 50, 25, 90, 8, 8)
    assert [axis.tolist() for axis in np.nonzero(turned)] == [[0, 0, 1, 1, 2, 2, 3, 3], [2, 3] * 4]


def test_ellipses_and_polygons_have_the_area_of_the_shape():
    ellipse = ellipse_mask(50, 50, 30, 20, 0, 400, 200)
    assert ellipse.mean() == pytest.approx(np.pi * 0.3 * 0.2, rel=0.01)
    polygon = polygon_mask([(10, 10), (90, 10), (90, 60), (10, 60)], 400, 200)
    assert polygon.mean() == pytest.approx(0.8 * 0.5, rel=0.01)
    assert polygon[50, 200]
    assert not polygon[150, 200]
