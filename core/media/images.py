"""Decoding images to 8-bit pixels, and encoding them for browsers."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import BadInput
from core.media.opening import open_image, orientation, upright

Pixels = NDArray[np.uint8]
"""uint8 of shape [height, width] (grey) or [height, width, 3] (red, green, blue)."""

OUTLINE = (255, 140, 0)
"""Colour of a mark's outline on a thumbnail: orange, which no radiograph or digit contains."""
OUTLINES = ((OUTLINE, False), ((40, 150, 255), True))
"""Colours of several people's outlines and whether they are dashed: orange, then blue."""
DASH = 6
"""Length of a dash, in pixels across and down together."""

_BROWSER_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
_BROWSER_MODES = ("1", "L", "P", "RGB")
_DEPTHS = (8, 12, 16)
_GREY_MODES = ("1", "L")


@dataclass(frozen=True, slots=True)
class ImagePixels:
    """A decoded image, upright.

    `pixels` is uint8 of shape [height, width] for a grey image and [height, width, 3] for a coloured one.
    """

    pixels: Pixels
    width: int
    height: int


class BrowserImage(NamedTuple):
    """Bytes that every browser shows just as the model sees them; width and height upright, in pixels."""

    data: bytes
    media_type: str
    width: int
    height: int


def decode_image(data: bytes, what: str) -> ImagePixels:
    """Decode an image to upright 8-bit pixels, whatever way it was stored.

    - The first frame counts (GIF, TIFF, animated PNG and WebP).
    - EXIF orientation is applied.
    - 16-bit grey is divided by the full scale of the smallest usual depth (8, 12 or 16 bits) that holds its
      largest value, so that 12-bit radiographs in 16-bit files do not come out black; 65,535 becomes 255.
      16-bit colour keeps its high byte.
    - 32-bit whole numbers up to 65,535 follow the same rule; larger or negative ones, and floating point, are
      stretched from their own minimum to their own maximum (a constant image becomes 0).
    - Transparency is laid on white. CMYK, YCbCr, Lab and palettes become red, green, blue.

    Parameters
    ----------
    data : bytes
        The encoded image: PNG, JPEG, GIF, BMP, TIFF or WebP.
    what : str
        What to call it in a message.

    Raises
    ------
    BadInput
        No image, another format, truncated, too large, or not finite.

    Examples
    --------
    >>> decode_image(encode_png(np.zeros((2, 3), np.uint8)), "example").width
    3
    """
    image = upright(open_image(data, what))
    pixels = _to_pixels(image, what)
    return ImagePixels(pixels, width=pixels.shape[1], height=pixels.shape[0])


def _to_pixels(image: Image.Image, what: str) -> Pixels:
    if image.mode.startswith(("I", "F")):
        return _to_eight_bits(np.asarray(image), what)
    if "A" in image.getbands() or "transparency" in image.info:
        image = _on_white(image)
    return np.array(image.convert("L" if image.mode in _GREY_MODES else "RGB"), dtype=np.uint8)


def _on_white(image: Image.Image) -> Image.Image:
    grey = image.mode in ("1", "L", "LA")
    layers = image.convert("RGBA")
    paper = Image.new("RGBA", layers.size, (255, 255, 255, 255))
    return Image.alpha_composite(paper, layers).convert("L" if grey else "RGB")


def _to_eight_bits(values: NDArray[np.generic], what: str) -> Pixels:
    numbers = values.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise BadInput(f"{what}: the image holds values that are not numbers (NaN or infinite). Export it again.")
    low, high = float(numbers.min()), float(numbers.max())
    if values.dtype.kind == "f" or low < 0 or high > 65_535:
        scaled = (numbers - low) / max(high - low, np.finfo(np.float64).tiny)
    else:
        scaled = numbers / next(2**bits - 1 for bits in _DEPTHS if high < 2**bits)
    return np.rint(scaled * 255.0).astype(np.uint8)


def encode_png(pixels: Pixels) -> bytes:
    """Encode grey [H, W], colour [H, W, 3] or colour with alpha [H, W, 4] uint8 pixels as PNG, without loss.

    Raises
    ------
    BadInput
        When shape or type is another.
    """
    if pixels.dtype != np.uint8 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (3, 4))):
        raise BadInput(
            f"Pixels must be uint8 of shape [H, W], [H, W, 3] or [H, W, 4], got {pixels.dtype} {pixels.shape}."
        )
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, format="PNG", compress_level=4)
    return buffer.getvalue()


def browser_image(data: bytes, what: str) -> BrowserImage:
    """Return bytes that a browser shows exactly as `decode_image` reads them.

    The original bytes are kept when the browser can't read them any other way: PNG, JPEG, GIF or WebP, 8 bits,
    opaque, one frame, no EXIF turn. Everything else is encoded anew as PNG.

    Raises
    ------
    BadInput
        As `decode_image`.
    """
    image = open_image(data, what)
    if _shown_alike(image):
        return BrowserImage(data, _BROWSER_TYPES[str(image.format)], image.width, image.height)
    pixels = _to_pixels(upright(image), what)
    return BrowserImage(encode_png(pixels), "image/png", pixels.shape[1], pixels.shape[0])


def _shown_alike(image: Image.Image) -> bool:
    return (
        image.format in _BROWSER_TYPES
        and image.mode in _BROWSER_MODES
        and "transparency" not in image.info
        and getattr(image, "n_frames", 1) == 1
        and orientation(image) == 1
    )


def thumbnail(pixels: Pixels, size: int, mask: NDArray[np.bool_] | None = None) -> bytes:
    """Return a PNG whose longer side is `size` pixels, with the outline of `mask` drawn in orange.

    Small originals are enlarged in hard-edged pixels, large ones are averaged. Every marked pixel is inside the
    drawn outline, however small the thumbnail.

    Parameters
    ----------
    pixels : uint8 [H, W] or [H, W, 3]
        The upright original.
    size : int
        Longer side in pixels, at least 1.
    mask : bool [H, W], optional
        What was marked.

    Raises
    ------
    BadInput
        When the mask has another size than the image.
    """
    return compared(pixels, size, () if mask is None else (mask,))


def compared(pixels: Pixels, size: int, masks: Sequence[NDArray[np.bool_]], width: int = 1) -> bytes:
    """Return a PNG like `thumbnail` with the outlines of several people's masks, `width` pixels wide.

    They follow `OUTLINES`: orange drawn through, blue dashed, and again; so that neither needs its colour to be told.
    """
    height, across = pixels.shape[:2]
    scale = size / max(height, across)
    shape = (max(1, round(across * scale)), max(1, round(height * scale)))
    method = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX
    small = np.array(Image.fromarray(pixels).convert("RGB").resize(shape, method))
    rows, columns = np.indices(small.shape[:2])
    for number, mask in enumerate(masks):
        if mask.shape != (height, across):
            raise BadInput(f"The mask is {mask.shape[1]} x {mask.shape[0]}, the image {across} x {height} pixels.")
        colour, dashed = OUTLINES[number % len(OUTLINES)]
        line = _outline(mask, shape, method, width)
        small[line & ((rows + columns) % (2 * DASH) < DASH) if dashed else line] = colour
    return encode_png(small)


def _outline(
    mask: NDArray[np.bool_], shape: tuple[int, int], method: Image.Resampling, width: int
) -> NDArray[np.bool_]:
    grey = Image.fromarray(mask.astype(np.float32))
    inside = np.asarray(grey.resize(shape, method)) > 0
    core = inside
    for _ in range(width):
        padded = np.pad(core, 1)
        core = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:] & core
    return np.asarray(inside & ~core)
