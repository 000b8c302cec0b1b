"""A turned picture."""

import torch
from PIL import Image
from torch import Tensor

from core.guard.robustness.corruptions.base import by_picture

DEGREES = (5.0, 10.0, 15.0, 20.0, 30.0)
"""Angle by severity; ours."""


class Rotation:
    """Turns to the left or to the right, a coin for each picture; what comes into view is black."""

    name = "rotation"
    title = "Rotation"
    words = "Held or scanned askew."

    def corrupt(self, pixels: Tensor, severity: int, generator: torch.Generator) -> Tensor:
        """Return the pictures turned."""
        left = torch.rand(len(pixels), generator=generator) < 0.5
        turned = pixels.clone()
        for side, sign in ((left, 1.0), (~left, -1.0)):
            angle = sign * DEGREES[severity - 1]
            turned[side] = by_picture(pixels[side], lambda image, by=angle: _turned(image, by))  # type: ignore[misc]
        return turned


def _turned(image: Image.Image, degrees: float) -> Image.Image:
    return image.rotate(degrees, Image.Resampling.BILINEAR)
