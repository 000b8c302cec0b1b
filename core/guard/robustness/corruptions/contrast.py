"""Less contrast."""

import torch
from torch import Tensor

from core.guard.robustness.corruptions.base import to_bytes

SHARES = (0.4, 0.3, 0.2, 0.1, 0.05)
"""Share of the contrast that is left, by severity."""


class Contrast:
    """Draws every pixel toward the mean of its channel."""

    name = "contrast"
    title = "Low contrast"
    words = "Washed out, as in fog."

    def corrupt(self, pixels: Tensor, severity: int, generator: torch.Generator) -> Tensor:
        """Return the pictures with less contrast."""
        values = pixels.float()
        mean = values.mean(dim=(2, 3), keepdim=True)
        return to_bytes(mean + SHARES[severity - 1] * (values - mean))
