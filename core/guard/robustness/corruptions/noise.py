"""Gaussian noise."""

import torch
from torch import Tensor

from core.guard.robustness.corruptions.base import to_bytes

DEVIATIONS = (0.08, 0.12, 0.18, 0.26, 0.38)
"""Standard deviation by severity, as a share of the range."""


class Noise:
    """Adds independent normal noise to every pixel."""

    name = "noise"
    title = "Noise"
    words = "Grain, as of a sensor with too little light."

    def corrupt(self, pixels: Tensor, severity: int, generator: torch.Generator) -> Tensor:
        """Return the pictures with noise."""
        noise = torch.randn(pixels.shape, generator=generator).to(pixels.device)
        return to_bytes(pixels + 255 * DEVIATIONS[severity - 1] * noise)
