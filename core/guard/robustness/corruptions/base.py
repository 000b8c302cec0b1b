"""What every corruption is given and gives.

Source: Hendrycks and Dietterich, Benchmarking Neural Network Robustness to Common Corruptions and Perturbations, ICLR
2019: the five severities of noise, blur, JPEG and contrast are theirs; what they say in pixels of pictures 224 pixels
wide is taken as a share of the side.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

SEVERITIES = (1, 2, 3, 4, 5)
PAPER_SIDE = 224
UInt8 = NDArray[np.uint8]


class Corruption(Protocol):
    """A way in which pictures get worse."""

    name: str
    title: str
    words: str
    """What it stands for, in plain words."""

    def corrupt(self, pixels: Tensor, severity: int, generator: torch.Generator) -> Tensor:
        """Return pictures, uint8 [n, C, S, S] like `pixels`, at a severity from 1 to 5."""


def to_bytes(values: Tensor) -> Tensor:
    """Return floats on a scale of 0 to 255 as uint8, rounded and cut off."""
    return values.round().clamp(0, 255).to(torch.uint8)


def by_picture(pixels: Tensor, change: Callable[[Image.Image], Image.Image]) -> Tensor:
    """Return pictures [n, C, S, S] with one channel (grey) or three, each changed by Pillow."""
    changed = []
    for picture in pixels.cpu().numpy():
        image = Image.fromarray(picture[0]) if len(picture) == 1 else Image.fromarray(picture.transpose(1, 2, 0).copy())
        array: UInt8 = np.array(change(image), dtype=np.uint8)
        changed.append(array[None] if array.ndim == 2 else array.transpose(2, 0, 1))
    return torch.from_numpy(np.stack(changed)).to(pixels.device) if changed else pixels
