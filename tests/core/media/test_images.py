"""Every way in which an image can be stored ends in the same upright 8-bit pixels, or in a clear message."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from core.errors import BadInput
from core.media import browser_image, decode_image, encode_png, thumbnail
from core.media.images import OUTLINE
from core.media.opening import FORMATS, LIMIT_PIXELS

RAMP = np.array([[0, 50, 100], [150, 200, 255]], dtype=np.uint8)
TURNED = {
    1: RAMP,
    2: RAMP[:, ::-1],
    3: RAMP[::-1, ::-1],
    4: RAMP[::-1],
    5: RAMP.T,
    6: np.rot90(RAMP, -1),
    7: RAMP[::-1, ::-1].T,
    8: np.rot90(RAMP),
}
"""What EXIF says must be done to see the stored ramp upright (EXIF 2.32, tag 0x0112)."""


def stored(image: Image.Image, form: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def with_orientation(value: int, form: str = "PNG") -> bytes:
    exif = Image.Exif()
    exif[0x0112] = value
    return stored(Image.fromarray(RAMP), form, exif=exif)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("form", ["PNG", "GIF", "BMP", "TIFF", "WEBP"])
def test_grey_survives_every_lossless_format(form):
    options = {"lossless": True} if form == "WEBP" else {}
    image = decode_image(stored(Image.fromarray(RAMP), form, **options), "a case")
    grey = image.pixels if image.pixels.ndim == 2 else image.pixels[..., 0]
    np.testing.assert_array_equal(grey, RAMP)
    assert (image.width, image.height) == (3, 2)


def test_colour_keeps_its_channels():
    pixels = np.zeros((2, 2, 3), np.uint8)
    pixels[0, 0] = (10, 20, 30)
    np.testing.assert_array_equal(decode_image(encode_png(pixels), "a case").pixels, pixels)


def test_one_bit_becomes_black_and_white():
    data = stored(Image.fromarray(RAMP > 120))
    np.testing.assert_array_equal(decode_image(data, "a case").pixels, np.where(RAMP > 120, 255, 0))


def test_one_pixel_image():
    image = decode_image(encode_png(np.array([[7]], np.uint8)), "a case")
    assert (image.width, image.height, image.pixels.tolist()) == (1, 1, [[7]])
    assert thumbnail(image.pixels, 16)


@pytest.mark.parametrize(
    ("stored_values", "expected"),
    [
        ([0, 32_768, 65_535], [0, 128, 255]),
        ([0, 2_048, 4_095], [0, 128, 255]),
        ([0, 128, 255], [0, 128, 255]),
        ([0, 0, 4_096], [0, 0, 16]),
    ],
    ids=["16 bits", "12 bits", "8 bits", "just above 12 bits"],
)
@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_sixteen_bit_grey_is_scaled_by_its_depth(form, stored_values, expected):
    data = stored(Image.fromarray(np.array([stored_values], np.uint16)), form)
    assert decode_image(data, "a case").pixels.tolist() == [expected]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[-1.0, 0.0, 1.0]], np.float32), [[0, 128, 255]]),
        (np.array([[0.5, 0.5]], np.float32), [[0, 0]]),
        (np.array([[-100_000, 0, 100_000]], np.int32), [[0, 128, 255]]),
        (np.array([[0, 65_535]], np.int32), [[0, 255]]),
    ],
    ids=["float", "constant float", "signed", "small whole numbers"],
)
def test_wide_values_are_stretched(values, expected):
    assert decode_image(stored(Image.fromarray(values), "TIFF"), "a case").pixels.tolist() == expected


def test_not_a_number_is_refused():
    data = stored(Image.fromarray(np.array([[np.nan, 1.0]], np.float32)), "TIFF")
    with pytest.raises(BadInput, match=r"a case: .*not numbers"):
        decode_image(data, "a case")


def test_cmyk_becomes_red_green_blue():
    image = Image.new("CMYK", (2, 2), (0, 255, 255, 0))
    np.testing.assert_array_equal(decode_image(stored(image, "TIFF"), "a case").pixels[0, 0], (255, 0, 0))


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("RGBA", (1, 1), (200, 0, 0, 0)), [[[255, 255, 255]]]),
        (Image.new("RGBA", (1, 1), (200, 0, 0, 255)), [[[200, 0, 0]]]),
        (Image.new("LA", (1, 1), (0, 128)), [[127]]),
    ],
    ids=["transparent", "opaque", "grey half transparent"],
)
def test_alpha_is_laid_on_white(image, expected):
    assert decode_image(stored(image), "a case").pixels.tolist() == expected


def test_transparent_palette_colour_is_laid_on_white():
    image = Image.fromarray(np.array([[0, 1]], np.uint8), mode=None).convert("P")
    image.putpalette([9, 9, 9, 0, 0, 255])
    data = stored(image, transparency=0)
    assert decode_image(data, "a case").pixels.tolist() == [[[255, 255, 255], [0, 0, 255]]]


@pytest.mark.parametrize("value", TURNED)
def test_exif_orientation_is_applied(value):
    image = decode_image(with_orientation(value), "a case")
    np.testing.assert_array_equal(image.pixels, TURNED[value])
    assert (image.height, image.width) == TURNED[value].shape


def test_exif_orientation_of_a_jpeg():
    flat = decode_image(with_orientation(6, "JPEG"), "a case")
    assert (flat.width, flat.height) == (2, 3)


def test_impossible_orientation_is_ignored():
    np.testing.assert_array_equal(decode_image(with_orientation(99), "a case").pixels, RAMP)


def test_first_frame_of_an_animation():
    frames = [Image.new("L", (2, 2), 10), Image.new("L", (2, 2), 200)]
    data = stored(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode_image(data, "a case").pixels.max() == 10
    assert browser_image(data, "a case").media_type == "image/png"


@pytest.mark.parametrize("data", [b"", b"hello", b"%PDF-1.7 ...", b"<svg xmlns='http://www.w3.org/2000/svg'/>"])
def test_what_is_no_image_is_refused(data):
    with pytest.raises(BadInput, match="case 7, field image: "):
        decode_image(data, "case 7, field image")


def test_formats_off_the_list_are_refused():
    assert "PPM" not in FORMATS
    with pytest.raises(BadInput, match="no image that can be read"):
        decode_image(stored(Image.fromarray(RAMP), "PPM"), "a case")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "BMP"])
def test_a_truncated_image_is_refused(form):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    data = stored(Image.fromarray(noise), form)
    with pytest.raises(BadInput, match="a case: "):
        decode_image(data[: len(data) // 2], "a case")


@pytest.mark.parametrize(
    ("width", "height"), [(60_000, 60_000), (10_000, 9_000), (9_000, 9_000)], ids=["bomb", "suspect", "large"]
)
def test_a_decompression_bomb_is_refused_before_it_is_unpacked(width, height):
    assert width * height > LIMIT_PIXELS
    with pytest.raises(BadInput, match="a case: the image is too large"):
        decode_image(png_header(width, height), "a case")


def test_a_bomb_is_refused_where_warnings_are_silent():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(BadInput, match="90,000,000 pixels"):
            decode_image(png_header(10_000, 9_000), "a case")


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damaged_bytes_are_read_or_refused_and_never_anything_else(data):
    original = data.draw(st.sampled_from(DAMAGEABLE))
    place = data.draw(st.integers(0, len(original) - 1))
    patch = data.draw(st.binary(min_size=1, max_size=6))
    damaged = original[:place] + patch + original[place + len(patch) :]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = decode_image(damaged, "a case")
        except BadInput:
            return
    assert image.pixels.shape[:2] == (image.height, image.width)


DAMAGEABLE = [stored(Image.fromarray(RAMP), form) for form in FORMATS] + [with_orientation(6)]


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_browser_gets_the_original_bytes_of_a_plain_image(form):
    data = stored(Image.fromarray(RAMP), form)
    shown = browser_image(data, "a case")
    assert shown == (data, f"image/{form.lower()}", 3, 2)


@pytest.mark.parametrize(
    "data",
    [
        with_orientation(6),
        stored(Image.fromarray(RAMP), "TIFF"),
        stored(Image.fromarray(RAMP), "BMP"),
        stored(Image.fromarray(RAMP.astype(np.uint16) * 16)),
        stored(Image.new("LA", (3, 2), (0, 128))),
        stored(Image.new("CMYK", (3, 2), (0, 255, 255, 0)), "JPEG"),
    ],
    ids=["turned", "TIFF", "BMP", "16 bits", "alpha", "CMYK"],
)
def test_browser_gets_a_png_of_what_the_model_sees(data):
    shown, media_type, width, height = browser_image(data, "a case")
    seen = decode_image(data, "a case")
    assert media_type == "image/png"
    assert (width, height) == (seen.width, seen.height)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(shown))), seen.pixels)


@settings(max_examples=40, deadline=None)
@given(
    pixels=arrays.arrays(
        np.uint8, st.one_of(arrays.array_shapes(min_dims=2, max_dims=2), st.tuples(st.just(3), st.just(2), st.just(3)))
    )
)
def test_png_round_trip(pixels):
    np.testing.assert_array_equal(decode_image(encode_png(pixels), "a case").pixels, pixels)


@pytest.mark.parametrize("pixels", [np.zeros((2, 2)), np.zeros((2,), np.uint8), np.zeros((2, 2, 2), np.uint8)])
def test_only_pixels_are_encoded(pixels):
    with pytest.raises(BadInput, match="uint8 of shape"):
        encode_png(pixels)


def as_array(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


def test_thumbnail_enlarges_in_hard_edges_and_outlines_the_mask():
    mask = np.zeros((2, 2), bool)
    mask[0, 0] = True
    drawn = as_array(thumbnail(np.array([[0, 255], [255, 0]], np.uint8), 8, mask))
    assert drawn.shape == (8, 8, 3)
    marked = (drawn == OUTLINE).all(axis=2)
    border = np.ones((4, 4), bool)
    border[1:3, 1:3] = False
    np.testing.assert_array_equal(marked[:4, :4], border)
    assert not marked[4:].any()
    assert not marked[:, 4:].any()
    np.testing.assert_array_equal(np.unique(drawn[~marked]), [0, 255])


def test_thumbnail_keeps_a_mark_of_one_pixel():
    mask = np.zeros((512, 512), bool)
    mask[300, 20] = True
    drawn = as_array(thumbnail(np.zeros((512, 512), np.uint8), 64, mask))
    assert drawn.shape == (64, 64, 3)
    assert (drawn[37, 2] == OUTLINE).all()


def test_thumbnail_keeps_the_shape():
    assert as_array(thumbnail(np.zeros((100, 300, 3), np.uint8), 60)).shape == (20, 60, 3)
    assert as_array(thumbnail(np.zeros((1, 300), np.uint8), 60)).shape == (1, 60, 3)


def test_thumbnail_refuses_a_mask_of_another_size():
    with pytest.raises(BadInput, match="mask is 3 x 2, the image 4 x 4"):
        thumbnail(np.zeros((4, 4), np.uint8), 8, np.ones((2, 3), bool))
