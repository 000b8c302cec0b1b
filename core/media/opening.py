"""Opening image bytes that nobody vouches for: the one door through which Pillow sees foreign data."""

import io
import struct
import zlib
from dataclasses import dataclass

from PIL import Image

from core.errors import BadInput

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")
"""Formats that are opened; every other decoder of Pillow stays out of reach."""

LIMIT_PIXELS = 80_000_000
"""Largest image in pixels; below the size from which Pillow itself suspects a decompression bomb."""

ORIENTATION = 0x0112
"""EXIF tag that says how the camera was held."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = (5, 6, 7, 8)
"""Orientations that swap width and height."""
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    OverflowError,
    RuntimeError,
    AttributeError,
    MemoryError,
    struct.error,
    zlib.error,
)


def open_image(data: bytes, what: str, formats: tuple[str, ...] = FORMATS) -> Image.Image:
    """Open and fully load the first frame of an image, as it was stored (not turned).

    Parameters
    ----------
    data : bytes
        The encoded image.
    what : str
        What to call it in a message (`case 0412, field image`).
    formats : tuple of str
        Pillow formats to allow, out of `FORMATS`.

    Raises
    ------
    BadInput
        When it is empty, of no allowed format, truncated, or has more than `LIMIT_PIXELS` pixels. The size is
        judged from the header, before anything is unpacked.
    """
    if not data:
        raise BadInput(f"{what}: the file is empty. Give an image ({', '.join(formats)}).")
    image = _header(data, what, formats)
    width, height = image.size
    if width * height > LIMIT_PIXELS:
        raise _too_large(what, f"{width} x {height} = {width * height:,} pixels")
    try:
        image.load()
    except _BOMB:
        raise _too_large(what, "more") from None
    except _BROKEN as error:
        raise BadInput(f"{what}: the image is damaged or cut short ({error}). Export it again.") from None
    return image


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What the header of an image file says."""

    format: str
    """One of `FORMATS`."""
    width: int
    height: int
    """Of the upright image, in pixels."""


def read_header(data: bytes, what: str) -> ImageHeader:
    """Return format and upright size of an image without unpacking it.

    Raises
    ------
    BadInput
        When it is no image of a format that is opened.
    """
    image = _header(data, what, FORMATS)
    width, height = image.size
    turned = orientation(image) in _SIDEWAYS
    return ImageHeader(str(image.format), *((height, width) if turned else (width, height)))


def _header(data: bytes, what: str, formats: tuple[str, ...]) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=formats)
    except _BOMB:
        raise _too_large(what, "more") from None
    except _BROKEN:
        raise BadInput(
            f"{what}: this is no image that can be read. Wanted {', '.join(formats)}; "
            f"got {len(data):,} bytes that start with {data[:8]!r}."
        ) from None


def _too_large(what: str, got: str) -> BadInput:
    return BadInput(
        f"{what}: the image is too large. At most {LIMIT_PIXELS:,} pixels are opened, got {got}. Scale it down first."
    )


def orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 (upright) to 8; 1 when there is none or it can't be read."""
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except _BROKEN:
        return 1
    return value if isinstance(value, int) and value in _TURNS else 1


def upright(image: Image.Image) -> Image.Image:
    """Return the image turned as its EXIF orientation asks; all pixel coordinates of Tandem are of this one."""
    turn = _TURNS.get(orientation(image))
    return image if turn is None else image.transpose(turn)
