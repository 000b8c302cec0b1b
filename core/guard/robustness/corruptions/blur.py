"""Gaussian blur."""

import torch
from PIL import ImageFilter
from torch import Tensor

from core.guard.robustness.corruptions.base import PAPER_SIDE, by_picture

RADII = (1.0, 2.0, 3.0, 4.0, 6.0)
"""Radius by severity, in pixels of pictures 224 pixels wide."""


class Blur:
    """Blurs with a radius that is a share of the side."""

    name = "blur"
    title = "Blur"
    words = "Out of focus."

    def corrupt(self, pixels: Tensor, severity: int, generator: torch.Generator) -> Tensor:
        """Return the pictures blurred."""
        blurred = ImageFilter.GaussianBlur(RADII[severity - 1] * pixels.shape[-1] / PAPER_SIDE)
        return by_picture(pixels, lambda image: image.filter(blurred))
