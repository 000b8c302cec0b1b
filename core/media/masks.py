"""Masks: which pixels a person marked, as 1-bit PNG in the pixels of the upright original."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import BadInput
from core.media.opening import open_image, upright

Mask = NDArray[np.bool_]
"""bool of shape [height, width]; True is marked."""


def decode_mask(png: bytes, width: int, height: int, what: str) -> Mask:
    """Decode a mask and check it against the image that it belongs to.

    A PNG with any transparent pixel is marked where it is not fully transparent (a painter's canvas); every other
    PNG is marked where it is not black (1-bit, grey of 8 or 16 bits, palette, colour).

    Parameters
    ----------
    png : bytes
        The mask as PNG.
    width, height : int
        Size of the upright original in pixels.
    what : str
        What to call it in a message.

    Returns
    -------
    bool [height, width]

    Raises
    ------
    BadInput
        No PNG, another size (the message names both), or nothing marked.
    """
    image = upright(open_image(png, what, formats=("PNG",)))
    if image.size != (width, height):
        raise BadInput(
            f"{what}: the mask is {image.width} x {image.height} pixels, the image is {width} x {height}. "
            "Paint it on the image itself, or scale it to that size."
        )
    mask = _marked(image)
    if not mask.any():
        raise BadInput(f"{what}: the mask marks nothing. Paint at least one pixel, or leave the mask out.")
    return mask


def _marked(image: Image.Image) -> Mask:
    if image.mode.startswith("I"):
        return np.asarray(np.asarray(image) != 0)
    layers = np.asarray(image.convert("RGBA"))
    alpha = layers[..., 3]
    if (alpha < 255).any():
        return np.asarray(alpha > 0)
    return np.asarray((layers[..., :3] > 0).any(axis=2))


def encode_mask(mask: Mask) -> bytes:
    """Encode bool [H, W] as a 1-bit PNG; `decode_mask` gives the same array back.

    Raises
    ------
    BadInput
        When it is not bool of two dimensions, or has no pixel.
    """
    if mask.dtype != np.bool_ or mask.ndim != 2 or mask.size == 0:
        raise BadInput(f"A mask must be bool of shape [H, W] with at least one pixel, got {mask.dtype} {mask.shape}.")
    buffer = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8) * 255).convert("1", dither=Image.Dither.NONE).save(buffer, format="PNG")
    return buffer.getvalue()


def share(mask: Mask) -> float:
    """Return the marked share of the image, 0 to 1."""
    return float(mask.mean()) if mask.size else 0.0
