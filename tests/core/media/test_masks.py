"""A mask is what was painted, in the pixels of the image, or a clear message."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from core.errors import BadInput
from core.media import decode_mask, encode_mask, share

PAINTED = np.array([[True, False, False], [False, False, True]])


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def layers(colour: tuple[int, int, int], alpha: np.ndarray) -> Image.Image:
    pixels = np.zeros((*PAINTED.shape, 4), np.uint8)
    pixels[..., :3] = colour
    pixels[..., 3] = alpha
    return Image.fromarray(pixels)


@settings(max_examples=60, deadline=None)
@given(mask=arrays.arrays(bool, st.tuples(st.integers(1, 40), st.integers(1, 40))).filter(np.any))
def test_round_trip(mask):
    height, width = mask.shape
    np.testing.assert_array_equal(decode_mask(encode_mask(mask), width, height, "the mask"), mask)


def test_is_stored_with_one_bit():
    assert Image.open(io.BytesIO(encode_mask(PAINTED))).mode == "1"


@pytest.mark.parametrize(
    "image",
    [
        Image.fromarray(PAINTED),
        Image.fromarray(PAINTED.astype(np.uint8)),
        Image.fromarray(PAINTED.astype(np.uint8) * 255),
        Image.fromarray(PAINTED.astype(np.uint16) * 300),
        Image.fromarray(PAINTED.astype(np.uint8) * 255).convert("RGB"),
        Image.fromarray(PAINTED.astype(np.uint8) * 255).convert("RGBA"),
        Image.fromarray(PAINTED.astype(np.uint8) * 255).convert("P"),
        layers((255, 140, 0), np.where(PAINTED, 102, 0)),
        layers((0, 0, 0), np.where(PAINTED, 255, 0)),
    ],
    ids=["1 bit", "0 and 1", "0 and 255", "16 bits", "RGB", "opaque RGBA", "palette", "half alpha", "black paint"],
)
def test_every_way_to_paint(image):
    np.testing.assert_array_equal(decode_mask(png(image), 3, 2, "the mask"), PAINTED)


def test_another_size_names_both():
    with pytest.raises(BadInput, match=r"case 3: the mask is 3 x 2 pixels, the image is 512 x 480"):
        decode_mask(encode_mask(PAINTED), 512, 480, "case 3")


@pytest.mark.parametrize(
    "image",
    [Image.new("1", (3, 2)), Image.new("L", (3, 2)), Image.new("RGBA", (3, 2), (255, 255, 255, 0))],
    ids=["1 bit", "grey", "nothing but transparent"],
)
def test_empty_mask_is_refused(image):
    with pytest.raises(BadInput, match="case 3: the mask marks nothing"):
        decode_mask(png(image), 3, 2, "case 3")


def test_what_is_no_png_is_refused():
    buffer = io.BytesIO()
    Image.fromarray(PAINTED.astype(np.uint8) * 255).save(buffer, "JPEG")
    for data in (b"", b"not a mask", buffer.getvalue()):
        with pytest.raises(BadInput, match="case 3: "):
            decode_mask(data, 3, 2, "case 3")


@pytest.mark.parametrize("mask", [np.zeros((2, 2)), np.zeros(3, bool), np.zeros((0, 4), bool)])
def test_only_masks_are_encoded(mask):
    with pytest.raises(BadInput, match="must be bool of shape"):
        encode_mask(mask)


def test_share():
    assert share(PAINTED) == pytest.approx(1 / 3)
    assert share(np.zeros((2, 2), bool)) == 0.0
