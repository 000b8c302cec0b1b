"""From stored DICOM values to the greys and colours that a person sees."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi

from core.media.images import Pixels

LOWEST_PERCENTILE = 0.5
HIGHEST_PERCENTILE = 99.5
"""What black and white stand for where the file names no window."""
Values = NDArray[np.float64]


def displayed(stored: NDArray[Any], dataset: Dataset) -> Pixels:
    """Return the pixels of a frame as uint8, grey [H, W] or red, green, blue [H, W, 3].

    Parameters
    ----------
    stored : array [H, W] or [H, W, 3]
        Decoded values; YBR already turned into RGB.
    dataset : Dataset
        The tags that say how to show them.
    """
    meaning = str(dataset.get("PhotometricInterpretation", ""))
    if meaning == "PALETTE COLOR":
        colours = apply_color_lut(stored, dataset)[..., :3]
        return _eight_bits(colours, 8 * colours.dtype.itemsize)
    if stored.ndim == 3:
        return _eight_bits(stored[..., :3], int(dataset.get("BitsStored") or 8 * stored.dtype.itemsize))
    shares = _shares(stored, dataset)
    if meaning == "MONOCHROME1" or dataset.get("PresentationLUTShape") == "INVERSE":
        shares = 1.0 - shares
    return np.rint(shares * 255.0).astype(np.uint8)


def _eight_bits(colours: NDArray[Any], bits: int) -> Pixels:
    full = float(2**bits - 1)
    return np.rint(np.clip(colours.astype(np.float64) / full, 0.0, 1.0) * 255.0).astype(np.uint8)


def _shares(stored: NDArray[Any], dataset: Dataset) -> Values:
    """Return each grey as a share of white, 0 to 1."""
    values = np.nan_to_num(np.asarray(apply_modality_lut(stored, dataset), dtype=np.float64))
    if dataset.get("VOILUTSequence"):
        return _through_table(values, dataset)
    window = _window(dataset)
    if window is not None:
        return windowed(values, *window)
    return _stretched(values, stored, dataset)


def _through_table(values: Values, dataset: Dataset) -> Values:
    bits = int(dataset.VOILUTSequence[0].LUTDescriptor[2])
    table = np.asarray(apply_voi(values.astype(np.int64), dataset), dtype=np.float64)
    return np.clip(table / float(2**bits - 1), 0.0, 1.0)


def _window(dataset: Dataset) -> tuple[float, float, str] | None:
    """Return centre, width and function of the first window; None when there is none that can be used."""
    centre, width = (_first(dataset.get(key)) for key in ("WindowCenter", "WindowWidth"))
    function = str(dataset.get("VOILUTFunction") or "LINEAR")
    least = 1.0 if function == "LINEAR" else 0.0
    usable = math.isfinite(centre) and math.isfinite(width) and width > 0.0 and width >= least
    return (centre, width, function) if usable else None


def _first(value: Any) -> float:
    several = value if isinstance(value, (list, tuple)) or hasattr(value, "append") else [value]
    try:
        return float(several[0])
    except (TypeError, ValueError, LookupError):
        return math.nan


def windowed(values: Values, centre: float, width: float, function: str = "LINEAR") -> Values:
    """Return where each value lies in a window, 0 (black) to 1 (white).

    `LINEAR`: (x - (c - .5)) / (w - 1) + .5. `LINEAR_EXACT`: (x - c) / w + .5. `SIGMOID`: 1 / (1 + exp(-4 (x - c) / w)).

    Source: DICOM PS3.3 C.11.2.1.

    Examples
    --------
    >>> windowed(np.array([0.0, 50.0, 100.0]), 50.0, 100.0, "LINEAR_EXACT").tolist()
    [0.0, 0.5, 1.0]
    """
    if function == "SIGMOID":
        return np.asarray(1.0 / (1.0 + np.exp(np.clip(-4.0 * (values - centre) / width, -700.0, 700.0))))
    if function == "LINEAR_EXACT":
        return np.clip((values - centre) / width + 0.5, 0.0, 1.0)
    if width == 1.0:
        return np.asarray(values > centre - 0.5, dtype=np.float64)
    return np.clip((values - (centre - 0.5)) / (width - 1.0) + 0.5, 0.0, 1.0)


def _stretched(values: Values, stored: NDArray[Any], dataset: Dataset) -> Values:
    """Stretch percentile 0.5 to 99.5 (pixels that are padding do not count) onto 0 to 1; a constant image is black."""
    padding = dataset.get("PixelPaddingValue")
    real = values if padding is None else values[stored != padding]
    real = real if real.size else values
    low, high = (float(x) for x in np.percentile(real, (LOWEST_PERCENTILE, HIGHEST_PERCENTILE)))
    if low == high:
        low, high = float(real.min()), float(real.max())
    return np.clip((values - low) / ((high - low) or 1.0), 0.0, 1.0)
