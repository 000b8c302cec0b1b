import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from core.contracts import FieldSpec
from core.errors import BadInput
from core.models.preparation import (
    Geometry,
    geometry_of,
    map_to_original,
    mask_to_input,
    prepare_image,
    to_tensor,
)

sides = st.integers(1, 40)
crops = st.sampled_from([0.3, 0.5, 0.8, 1.0])


def field(**changes) -> FieldSpec:
    return FieldSpec(**{"name": "image", "kind": "image", "size": 4, **changes})


def test_image_of_the_right_size_is_left_as_it_is():
    pixels = np.arange(16, dtype=np.uint8).reshape(4, 4)
    assert np.array_equal(prepare_image(pixels, field()), pixels[None])


def test_downscaling_averages_by_hand():
    pixels = np.array([[0, 0, 200, 200], [0, 0, 200, 200]], dtype=np.uint8)
    prepared = prepare_image(pixels, field(size=1))
    assert prepared.shape == (1, 1, 1)
    assert prepared[0, 0, 0] == 100


def test_central_crop_keeps_the_middle():
    pixels = np.zeros((8, 8), dtype=np.uint8)
    pixels[2:6, 2:6] = 255
    assert (prepare_image(pixels, field(central_crop=0.5)) == 255).all()


def test_equalise_spreads_brightness_before_the_crop():
    pixels = np.repeat(np.arange(100, 116, dtype=np.uint8), 256).reshape(64, 64)
    prepared = prepare_image(pixels, field(size=64, equalise=True))
    assert np.array_equal(prepared[0], np.asarray(ImageOps.equalize(Image.fromarray(pixels))))
    assert prepared.min() == 0
    assert prepared.max() == 255
    middle = prepare_image(pixels, field(size=8, equalise=True, central_crop=0.125))
    assert set(np.unique(middle)) <= set(np.unique(prepared))


def test_colours_are_converted_both_ways():
    red = np.zeros((4, 4, 3), dtype=np.uint8)
    red[..., 0] = 255
    assert (prepare_image(red, field()) == 76).all()  # ITU-R 601-2: 0.299 x 255
    grey = np.full((4, 4), 9, dtype=np.uint8)
    assert (prepare_image(grey, field(colour="rgb")) == 9).all()
    assert prepare_image(grey, field(colour="rgb")).shape == (3, 4, 4)


def test_equalising_colour_keeps_the_hue():
    pixels = np.full((4, 4, 3), (200, 10, 10), dtype=np.uint8)
    pixels[0] = (100, 5, 5)
    prepared = prepare_image(pixels, field(colour="rgb", equalise=True))
    assert (prepared[0].astype(int) - prepared[1]).min() > 50


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4), dtype=np.float32),
        np.zeros((4, 4, 4), dtype=np.uint8),
        np.zeros(4, dtype=np.uint8),
        np.zeros((4, 4), dtype=np.uint16),
    ],
)
def test_other_arrays_are_refused(pixels):
    with pytest.raises(BadInput, match="8-bit pixels"):
        prepare_image(pixels, field())


def test_geometry_by_hand():
    assert geometry_of(100, 50, field(central_crop=0.8, size=7)) == Geometry(100, 50, 10, 5, 80, 40, 7)
    assert geometry_of(1, 1, field(central_crop=0.3)).crop_height == 1
    with pytest.raises(BadInput, match="0 x 5"):
        geometry_of(0, 5, field())


def test_tensor_is_from_zero_to_one():
    tensor = to_tensor(np.array([[[[0, 255]]]], dtype=np.uint8))
    assert tensor.dtype == torch.float32
    assert tensor.flatten().tolist() == [0.0, 1.0]


def test_mask_marks_what_is_at_least_half_covered():
    mask = np.zeros((4, 4), dtype=bool)
    mask[:2, :3] = True  # covers input pixel (0, 0) whole and (0, 1) by half
    expected = np.array([[True, True], [False, False]])
    assert np.array_equal(mask_to_input(mask, geometry_of(4, 4, field(size=2))), expected)


def test_mask_does_not_grow_at_its_edge():
    mask = np.zeros((40, 40), dtype=bool)
    mask[:11, :11] = True  # a quarter of the next input pixel is not enough
    assert mask_to_input(mask, geometry_of(40, 40, field(size=10))).sum() == 9


def test_thin_line_stays_whole():
    mask = np.zeros((64, 64), dtype=bool)
    mask[20, :] = True
    assert mask_to_input(mask, geometry_of(64, 64, field(size=8)))[2].all()


@given(height=sides, width=sides, crop=crops, size=st.integers(1, 12), data=st.data())
def test_one_pixel_inside_the_crop_never_vanishes(height, width, crop, size, data):
    place = geometry_of(height, width, field(central_crop=crop, size=size))
    row = data.draw(st.integers(0, height - 1))
    column = data.draw(st.integers(0, width - 1))
    mask = np.zeros((height, width), dtype=bool)
    mask[row, column] = True
    inside = place.top <= row < place.top + place.crop_height and place.left <= column < place.left + place.crop_width
    assert mask_to_input(mask, place).any() == inside


@given(height=sides, width=sides, crop=crops, size=st.integers(1, 12))
def test_whole_mask_marks_everything(height, width, crop, size):
    place = geometry_of(height, width, field(central_crop=crop, size=size))
    assert mask_to_input(np.ones((height, width), dtype=bool), place).all()


def test_mask_of_another_size_is_refused_with_both_sizes():
    with pytest.raises(BadInput, match=r"4 x 6 pixels, got 6 x 4"):
        mask_to_input(np.ones((6, 4), dtype=bool), geometry_of(4, 6, field()))


@given(height=sides, width=sides, crop=crops, size=st.integers(1, 12), seed=st.integers(0, 99))
def test_mapping_back_keeps_the_sum_and_leaves_the_rest_zero(height, width, crop, size, seed):
    place = geometry_of(height, width, field(central_crop=crop, size=size))
    values = torch.randn(size, size, generator=torch.Generator().manual_seed(seed))
    original = map_to_original(values, place)
    assert original.shape == (height, width)
    assert original.dtype == np.float32
    assert original.sum() == pytest.approx(float(values.sum()), abs=1e-3)
    outside = original.copy()
    outside[place.top : place.top + place.crop_height, place.left : place.left + place.crop_width] = 0
    assert not outside.any()


def test_mapping_back_by_hand():
    values = torch.tensor([[4.0, 8.0]]).expand(2, 2)
    place = geometry_of(4, 4, field(size=2))
    assert np.array_equal(map_to_original(values, place)[0], [1, 1, 2, 2])
    same = torch.arange(16.0).view(4, 4)
    assert np.array_equal(map_to_original(same, geometry_of(4, 4, field())), same.numpy())
    with pytest.raises(BadInput, match="must be 2 x 2"):
        map_to_original(same, place)
