"""How many rows go through a model at once."""

from torch import Tensor

PLACES = 8 * 224 * 224
"""Pixels (or elements of other inputs) in one batch. For EfficientNet-lite0 on a CPU, a gradient took 22 ms in
batches of 8, 31 ms in 16, 45 ms in 32: small batches stay in the cache."""
GPU_FACTOR = 8
"""A GPU wants larger batches."""
MOST_ROWS = 256


def rows_for(inputs: tuple[Tensor, ...]) -> int:
    """Return the number of rows, 1 to 256, that one batch of such inputs, each [1, ...], should have."""
    places = sum(item[0, 0].numel() if item.ndim == 4 else item.numel() for item in inputs)
    factor = 1 if inputs[0].device.type == "cpu" else GPU_FACTOR
    return max(1, min(MOST_ROWS, factor * PLACES // max(1, places)))
