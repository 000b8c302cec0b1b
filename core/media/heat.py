"""Heat maps: attributions as a transparent colour layer over the image."""

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput
from core.media.images import encode_png

PERCENTILE = 99.0
"""Full colour is reached at this percentile of |value|, so that one hot pixel does not hide the rest."""

STRONGEST_ALPHA = 230
"""Alpha at full colour, of 255: the image stays visible underneath."""

VIRIDIS = (
    (68, 1, 84),
    (72, 40, 120),
    (62, 73, 137),
    (49, 104, 142),
    (38, 130, 142),
    (31, 158, 137),
    (53, 183, 121),
    (110, 206, 88),
    (181, 222, 43),
    (253, 231, 37),
)
"""Magnitude: ten steps of viridis (van der Walt and Smith 2015, CC0), even in lightness, colour-blind safe."""

BLUE_ORANGE = (
    (0, 114, 178),
    (123, 180, 213),
    (247, 247, 247),
    (230, 171, 124),
    (213, 94, 0),
)
"""Sign: blue is against, orange is for. The ends are blue and vermilion of Okabe and Ito (2008), colour-blind safe."""


def heat_png(values: NDArray[np.floating], signed: bool, scale: float | None = None) -> bytes:
    """Draw attributions as an RGBA PNG of the same size.

    Colour and alpha grow with |value| / scale, where the scale is the 99th percentile of |value| (the maximum where
    that percentile is 0); larger values are clipped. A value of 0 is fully transparent.

    Parameters
    ----------
    values : float [H, W]
        Attributions in the pixels of the upright original.
    signed : bool
        True: diverging scale centred on zero, blue below, orange above. False: magnitude of the values.
    scale : float, optional
        The |value| of full colour, in place of the map's own: to draw several maps on one scale.

    Raises
    ------
    BadInput
        When `values` is not two-dimensional, is empty, or holds NaN or infinite values.
    """
    if values.ndim != 2 or values.size == 0 or not np.isfinite(values).all():
        raise BadInput(f"A heat map needs finite numbers of shape [H, W], got shape {values.shape}. Explain again.")
    strength = _strength(np.abs(values.astype(np.float64)), scale)
    if signed:
        rgb = _colours(BLUE_ORANGE)[np.rint(127.5 + 127.5 * strength * np.sign(values)).astype(np.intp)]
    else:
        rgb = _colours(VIRIDIS)[np.rint(255 * strength).astype(np.intp)]
    alpha = np.rint(STRONGEST_ALPHA * strength).astype(np.uint8)
    return encode_png(np.dstack([rgb, alpha]))


def heat_scale(values: NDArray[np.floating]) -> float:
    """Return the |value| at which a map [H, W] reaches full colour; 0 for a map that is zero everywhere."""
    size = np.abs(values.astype(np.float64))
    return float(np.percentile(size, PERCENTILE)) or float(size.max())


def _strength(size: NDArray[np.float64], scale: float | None) -> NDArray[np.float64]:
    full = heat_scale(size) if scale is None else scale
    return np.clip(size / full, 0.0, 1.0) if full > 0.0 else np.zeros_like(size)


def _colours(anchors: tuple[tuple[int, int, int], ...]) -> NDArray[np.uint8]:
    table = np.array(anchors, dtype=np.float64)
    places = np.linspace(0.0, 1.0, len(table))
    at = np.linspace(0.0, 1.0, 256)
    return np.column_stack([np.rint(np.interp(at, places, table[:, i])) for i in range(3)]).astype(np.uint8)
