"""How many cases one forward pass takes."""

import math
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

CPU_VALUES = 4 * 3 * 224 * 224
"""Input values of one forward pass on a CPU.

Measured with EfficientNet-lite0 at 224 px on 2 cores, milliseconds an image for 1, 2, 4, 8, 16 and 32 images a
pass: 9.7, 6.6, 5.7, 9.6, 9.2 and 15.1. Larger passes leave the cache.
"""
GPU_VALUES = 32 * 3 * 224 * 224
"""Input values of one forward pass on a GPU, where a pass of 32 images takes about as long as one of one image."""

TOKEN_VALUES = 96
"""What a token of a text counts: the longest texts that MiniLM reads go in passes of about 25."""


def cases_per_pass(inputs: Mapping[str, Tensor], device: torch.device) -> int:
    """Return how many cases one forward pass on `device` should take (at least 1).

    Backbones see grey images as three channels, so an image counts three values a pixel.
    """
    values = sum(_values(tensor) for tensor in inputs.values())
    return max(1, (CPU_VALUES if device.type == "cpu" else GPU_VALUES) // max(1, values))


def _values(tensor: Tensor) -> int:
    if tensor.ndim == 4:  # images [cases, channels, height, width]
        return 3 * math.prod(tensor.shape[2:])
    return TOKEN_VALUES * math.prod(tensor.shape[1:]) if tensor.dtype == torch.int64 else math.prod(tensor.shape[1:])


def passes(count: int, size: int) -> Iterator[slice]:
    """Yield slices of at most `size` that cover `count` cases, as even as possible.

    Examples
    --------
    >>> list(passes(5, 4))
    [slice(0, 3, None), slice(3, 5, None)]
    """
    parts = -(-count // size)
    for part in range(parts):
        first, last = (-(-count * index // parts) for index in (part, part + 1))
        yield slice(first, last)


def padded(tensor: Tensor, size: int, device: torch.device) -> Tensor:
    """Return `tensor` with zero rows added up to `size` on a GPU; unchanged on a CPU.

    A GPU chooses its kernels by the batch's shape, and in half precision their answers differ visibly. With one shape
    for all passes, an answer does not depend on who else asked at the same time.
    """
    if device.type == "cpu" or len(tensor) >= size:
        return tensor
    return torch.cat([tensor, tensor.new_zeros(size - len(tensor), *tensor.shape[1:])])
