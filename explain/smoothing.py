"""Gaussian smoothing of pictures along one side."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

Edge = Literal["replicate", "reflect"]
"""What lies beyond the picture's edge: its last pixel goes on, or the picture is mirrored."""


def smoothed_along(image: Tensor, dim: int, sigma: float, radius: int, edge: Edge) -> Tensor:
    """Return an image smoothed with a Gaussian along one dimension.

    Parameters
    ----------
    image
        Floats [..., H, W].
    dim
        Which dimension, of length L.
    sigma
        Standard deviation in pixels, above 0.
    radius
        Pixels on either side that count; at most L - 1 for `reflect`.
    edge
        What lies beyond the edge.
    """
    offsets = torch.arange(-radius, radius + 1, device=image.device, dtype=image.dtype)
    weights = torch.exp(-((offsets / sigma) ** 2) / 2)
    lines = image.movedim(dim, -1)
    rows = lines.reshape(-1, 1, lines.shape[-1])  # [rows, 1, L]
    wide = functional.pad(rows, (radius, radius), mode=edge)
    smooth = functional.conv1d(wide, (weights / weights.sum())[None, None])
    return smooth.reshape(lines.shape).movedim(-1, dim)
