"""Heat maps: transparent where nothing is, even in lightness, signed about zero."""

import io

import numpy as np
import pytest
from PIL import Image

from core.errors import BadInput
from core.media import heat_png
from core.media.heat import BLUE_ORANGE, STRONGEST_ALPHA, VIRIDIS


def drawn(values, signed: bool) -> np.ndarray:
    image = Image.open(io.BytesIO(heat_png(np.asarray(values, np.float32), signed)))
    assert image.mode == "RGBA"
    return np.asarray(image).astype(int)


def lightness(colours) -> np.ndarray:
    """CIE L* of sRGB colours (IEC 61966-2-1, CIE 15)."""
    srgb = np.asarray(colours) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722])
    return 116 * np.cbrt(luminance) - 16


def test_size_is_kept_and_zero_is_transparent():
    heat = drawn(np.diag([0.0, 1.0, 2.0])[:2], signed=False)
    assert heat.shape == (2, 3, 4)
    assert (heat[..., 3] == 0).sum() == 5


@pytest.mark.parametrize("signed", [True, False])
def test_a_map_of_zeros_is_transparent(signed):
    assert drawn(np.zeros((4, 5)), signed)[..., 3].max() == 0


def test_sign_picks_the_colour_and_magnitude_the_alpha():
    against, little, strongly = drawn([[-1.0, 0.5, 1.0]], signed=True)[0]
    assert tuple(against[:3]) == BLUE_ORANGE[0]
    assert tuple(strongly[:3]) == BLUE_ORANGE[-1]
    assert against[3] == strongly[3] == STRONGEST_ALPHA
    assert little[3] == pytest.approx(STRONGEST_ALPHA / 2, abs=1)


def test_magnitude_ignores_the_sign():
    heat = drawn([[-1.0, 1.0]], signed=False)[0]
    assert tuple(heat[0]) == tuple(heat[1]) == (*VIRIDIS[-1], STRONGEST_ALPHA)


def test_one_hot_pixel_does_not_hide_the_rest():
    values = np.full((20, 20), 1.0)
    values[0, 0] = 1000.0
    assert drawn(values, signed=True)[5, 5, 3] == STRONGEST_ALPHA


def test_a_map_that_is_almost_all_zero_shows_its_maximum():
    values = np.zeros((100, 100))
    values[3, 4] = 0.25
    heat = drawn(values, signed=True)
    assert heat[3, 4, 3] == STRONGEST_ALPHA
    assert (heat[..., 3] > 0).sum() == 1


def test_scale_does_not_matter():
    values = np.random.default_rng(0).normal(size=(8, 8))
    np.testing.assert_array_equal(drawn(values, signed=True), drawn(values * 1e-9, signed=True))


def test_magnitude_scale_is_even_in_lightness():
    steps = np.diff(lightness(VIRIDIS))
    assert (steps > 0).all()
    assert steps.max() / steps.min() < 1.6


def test_signed_scale_is_lightest_at_zero_and_balanced():
    levels = lightness(BLUE_ORANGE)
    assert levels.argmax() == 2
    np.testing.assert_allclose(levels, levels[::-1], atol=10)


@pytest.mark.parametrize("values", [np.array([[np.nan]]), np.array([[np.inf]]), np.zeros(3), np.zeros((0, 3))])
def test_what_is_no_map_is_refused(values):
    with pytest.raises(BadInput, match="finite numbers of shape"):
        heat_png(values, signed=False)
