"""From decoded values to network inputs, and back from network inputs to the original's pixels.

Image fields become uint8 arrays [channels, size, size]; networks see them as floats from 0 to 1. Marks travel
from the original to the input (`mask_to_input`), attributions from the input to the original
(`map_to_original`). Both share out area exactly, so that nothing shifts by half a pixel.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageOps
from torch import Tensor

from core.contracts import FieldSpec
from core.errors import BadInput

UInt8Array = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]

HALF = 0.5
"""An input pixel is marked when at least half of its area is."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where the network's square input lies in the original image, in pixels of the original."""

    height: int
    width: int
    top: int
    left: int
    crop_height: int
    crop_width: int
    size: int
    """Side of the network input in its own pixels."""


def geometry_of(height: int, width: int, field: FieldSpec) -> Geometry:
    """Return the geometry that `prepare_image` uses for an original of `height` x `width` pixels.

    Raises
    ------
    BadInput
        When a side is shorter than one pixel.

    Examples
    --------
    >>> field = FieldSpec(name="image", kind="image", central_crop=0.5, size=2)
    >>> geometry_of(4, 8, field)
    Geometry(height=4, width=8, top=1, left=2, crop_height=2, crop_width=4, size=2)
    """
    if height < 1 or width < 1:
        raise BadInput(f"Field {field.name!r} needs an image of at least 1 x 1 pixel, got {height} x {width}.")
    crop_height = max(1, round(height * field.central_crop))
    crop_width = max(1, round(width * field.central_crop))
    top, left = (height - crop_height) // 2, (width - crop_width) // 2
    return Geometry(height, width, top, left, crop_height, crop_width, field.size)


def channels_of(field: FieldSpec) -> int:
    """Return the number of colour channels of an image field: 1 for grey, 3 for rgb."""
    return 1 if field.colour == "grey" else 3


def prepare_image(pixels: UInt8Array, field: FieldSpec) -> UInt8Array:
    """Turn decoded pixels into the field's network input.

    Colour conversion, histogram equalisation of the brightness (where the field asks for it), central crop, then
    Pillow's antialiased bilinear resize to a square.

    Parameters
    ----------
    pixels
        uint8 [height, width] (grey) or [height, width, 3] (red, green, blue).
    field
        The field's declaration.

    Returns
    -------
    numpy.ndarray
        uint8 [channels, size, size].

    Raises
    ------
    BadInput
        When `pixels` is no such array.
    """
    _check_pixels(pixels, field)
    image = _in_colour(Image.fromarray(np.ascontiguousarray(pixels)), field)
    if field.equalise:
        image = _equalised(image)
    place = geometry_of(image.height, image.width, field)
    box = (place.left, place.top, place.left + place.crop_width, place.top + place.crop_height)
    image = image.crop(box).resize((field.size, field.size), Image.Resampling.BILINEAR)
    array = np.asarray(image, dtype=np.uint8)
    return np.array(
        array[None] if array.ndim == 2 else array.transpose(2, 0, 1), order="C"
    )  # a copy: Pillow lends read-only memory


def _check_pixels(pixels: UInt8Array, field: FieldSpec) -> None:
    shape = tuple(pixels.shape)
    if pixels.dtype != np.uint8 or not (len(shape) == 2 or (len(shape) == 3 and shape[2] == 3)):
        raise BadInput(
            f"Field {field.name!r} needs 8-bit pixels [height, width] or [height, width, 3], "
            f"got {pixels.dtype} {list(shape)}. Decode the image first."
        )


def _in_colour(image: Image.Image, field: FieldSpec) -> Image.Image:
    mode = "L" if field.colour == "grey" else "RGB"
    return image if image.mode == mode else image.convert(mode)


def _equalised(image: Image.Image) -> Image.Image:
    if image.mode == "L":
        return ImageOps.equalize(image)
    brightness, blue, red = image.convert("YCbCr").split()
    return Image.merge("YCbCr", (ImageOps.equalize(brightness), blue, red)).convert("RGB")


def to_tensor(prepared: Tensor | UInt8Array, device: torch.device | None = None) -> Tensor:
    """Turn prepared uint8 pixels [batch, channels, size, size] into floats from 0 to 1 on `device`."""
    tensor = torch.from_numpy(prepared) if isinstance(prepared, np.ndarray) else prepared
    return tensor.to(device=device).to(torch.float32) / 255.0


def _shares(cells: int, length: int) -> npt.NDArray[np.float64]:
    """Return [cells, length]: which share of each of `cells` equal cells lies on each of `length` equal pixels."""
    edges = np.arange(cells + 1) * (length / cells)
    low = np.maximum(edges[:-1, None], np.arange(length)[None, :])
    high = np.minimum(edges[1:, None], np.arange(1, length + 1)[None, :])
    overlap = np.clip(high - low, 0.0, None)
    shares: npt.NDArray[np.float64] = overlap / overlap.sum(axis=1, keepdims=True)
    return shares


def mask_to_input(mask: BoolArray, geometry: Geometry) -> BoolArray:
    """Carry a mark from the original image to the network's input.

    An input pixel is marked when at least half of its area is. Where that would lose a small or thin mark, the
    pixels that it covers most are marked, so that no mark inside the crop vanishes and none grows.

    Parameters
    ----------
    mask
        bool [height, width] in pixels of the original.
    geometry
        Where the input lies in the original.

    Returns
    -------
    numpy.ndarray
        bool [size, size]; all False when the whole mark lies outside the crop.

    Raises
    ------
    BadInput
        When the mask has another size than the original.
    """
    if mask.shape != (geometry.height, geometry.width):
        raise BadInput(
            f"The mask must have the image's size, {geometry.height} x {geometry.width} pixels, got "
            f"{' x '.join(str(side) for side in mask.shape)}. Draw it on the original image."
        )
    inside = mask[
        geometry.top : geometry.top + geometry.crop_height, geometry.left : geometry.left + geometry.crop_width
    ]
    return _marked(inside, geometry.size, geometry.size)


def mask_to_original(mask: BoolArray, geometry: Geometry) -> BoolArray:
    """Carry a mark from the network's input [size, size] back to the original image, bool [height, width].

    The inverse of `mask_to_input`, and its rule: a pixel is marked when at least half of its area is, and no mark
    vanishes. Nothing outside the crop is marked.

    Raises
    ------
    BadInput
        When the mask has another size than the input.
    """
    if mask.shape != (geometry.size, geometry.size):
        raise BadInput(f"The mask must be {geometry.size} x {geometry.size}, got {list(mask.shape)}.")
    original = np.zeros((geometry.height, geometry.width), dtype=bool)
    bottom, right = geometry.top + geometry.crop_height, geometry.left + geometry.crop_width
    original[geometry.top : bottom, geometry.left : right] = _marked(mask, geometry.crop_height, geometry.crop_width)
    return original


def _marked(mask: BoolArray, height: int, width: int) -> BoolArray:
    """Return which of `height` x `width` equal pixels are marked by a mask over the same area."""
    rows, columns = _shares(height, mask.shape[0]), _shares(width, mask.shape[1])
    covered = (rows @ mask.astype(np.float64) @ columns.T).round(9)
    padded = np.pad(covered, 1)
    around = np.lib.stride_tricks.sliding_window_view(padded, (3, 3)).max(axis=(2, 3))
    marked: BoolArray = (covered >= HALF) | ((covered > 0) & (covered >= around))
    return marked


def map_to_original(values: Tensor | npt.NDArray[np.floating], geometry: Geometry) -> FloatArray:
    """Carry attributions from the network's input back to the original image.

    Each input pixel's value is shared out over the original's pixels by area: the sum is preserved, and everything
    outside the crop is zero.

    Parameters
    ----------
    values
        [size, size], already summed over colour channels.
    geometry
        Where the input lies in the original.

    Returns
    -------
    numpy.ndarray
        float32 [height, width].

    Raises
    ------
    BadInput
        When `values` is not [size, size].
    """
    array = values.detach().cpu().numpy() if isinstance(values, Tensor) else values
    if array.shape != (geometry.size, geometry.size):
        raise BadInput(f"Attributions must be {geometry.size} x {geometry.size}, got {list(array.shape)}.")
    rows, columns = _shares(geometry.size, geometry.crop_height), _shares(geometry.size, geometry.crop_width)
    original = np.zeros((geometry.height, geometry.width), dtype=np.float32)
    bottom, right = geometry.top + geometry.crop_height, geometry.left + geometry.crop_width
    original[geometry.top : bottom, geometry.left : right] = rows.T @ array.astype(np.float64) @ columns
    return original
