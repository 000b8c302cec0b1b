"""JPEG compression."""

import io

import torch
from PIL import Image
from torch import Tensor

from core.guard.robustness.corruptions.base import by_picture

QUALITIES = (25, 18, 15, 10, 7)
"""Pillow's JPEG quality by severity."""


class Jpeg:
    """Saves as JPEG and reads again, in memory."""

    name = "jpeg"
    title = "JPEG"
    words = "Saved with strong compression."

    def corrupt(self, pixels: Tensor, severity: int, generator: torch.Generator) -> Tensor:
        """Return the pictures after compression."""
        return by_picture(pixels, lambda image: compressed(image, QUALITIES[severity - 1]))


def compressed(image: Image.Image, quality: int) -> Image.Image:
    """Return `image` after it was saved as JPEG of `quality` (1 to 95)."""
    kept = io.BytesIO()
    image.save(kept, "JPEG", quality=quality)
    return Image.open(io.BytesIO(kept.getvalue())).convert(image.mode)
