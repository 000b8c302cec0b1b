"""How many rows go through a model at once."""

from torch import Tensor

ELEMENTS = 2_500_000
"""Input elements in one batch: 16 rows of 3 x 224 x 224, which on a CPU took half the time of 50 rows."""
MOST_ROWS = 256


def rows_for(inputs: tuple[Tensor, ...]) -> int:
    """Return the number of rows that one batch of such inputs, each [1, ...], should have (1..256)."""
    elements = sum(item.numel() for item in inputs)
    return max(1, min(MOST_ROWS, ELEMENTS // max(1, elements)))
