"""How many rows go through a model at once."""

import torch
from torch import Tensor

PLACES = 8 * 224 * 224
"""Pixels (or elements of other inputs) in one batch on a CPU. For EfficientNet-lite0, a gradient took 22 ms in
batches of 8, 31 ms in 16, 45 ms in 32: small batches stay in the cache."""
BYTES_PER_PLACE = 2048
"""GPU memory that a row's gradient takes for each place: about 100 MB for an image of 224 pixels."""
SESSIONS = 8
"""Explanations that share a GPU's memory. It is all of its memory that is divided, not what is free at the moment: so
batches, and with them answers to the last bit, do not depend on who else asks. Where that is too much after all, the
batch is halved (`explain.answer`)."""
MOST_ROWS = 256


def rows_for(inputs: tuple[Tensor, ...]) -> int:
    """Return the number of rows, 1 to 256, that one batch of such inputs, each [1, ...], should have."""
    places = sum(item[0, 0].numel() if item.ndim == 4 else item.numel() for item in inputs)
    device = inputs[0].device
    if device.type != "cuda":
        return _clipped(PLACES // max(1, places))
    return rows_in(torch.cuda.mem_get_info(device)[1], places)


def rows_in(memory: int, places: int) -> int:
    """Return the number of rows, 1 to 256, of `places` places each, for a GPU with `memory` bytes in all.

    Examples
    --------
    >>> rows_in(24 * 1024**3, 224 * 224), rows_in(24 * 1024**3, 20)
    (31, 256)
    """
    return _clipped(memory // SESSIONS // (BYTES_PER_PLACE * max(1, places)))


def _clipped(rows: int) -> int:
    return max(1, min(MOST_ROWS, rows))
