"""What methods share that draw at random: the option `seed`, running sums, standard errors."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from explain.base import Option

SEED = Option("seed", "Seed of what is drawn at random", "int", 0, 0, 2**31 - 1)
"""The same seed gives the same map, whatever other threads draw."""


class SumOfDraws:
    """Running sum of drawn attributions in double precision, and the total of each draw over each input.

    Parameters
    ----------
    inputs
        One tensor [1, ...] for each input: shapes and device.
    """

    def __init__(self, inputs: Sequence[Tensor]) -> None:
        self.sums = [torch.zeros(item.shape[1:], dtype=torch.float64, device=item.device) for item in inputs]
        self.totals: list[list[float]] = [[] for _ in inputs]
        self.count = 0

    def add(self, parts: Sequence[Tensor]) -> None:
        """Add a batch of draws, [R, ...] for each input."""
        for running, totals, part in zip(self.sums, self.totals, parts, strict=True):
            exact = part.detach().double()
            running += exact.sum(dim=0)
            totals += exact.flatten(1).sum(dim=1).tolist()
        self.count += len(parts[0])

    def means(self) -> tuple[Tensor, ...]:
        """Return the mean draw for each input, [...] in double precision."""
        return tuple(running / max(1, self.count) for running in self.sums)


def standard_error(values: Sequence[float]) -> float:
    """Return the standard error of the mean of independent draws; 0 for fewer than two.

    `sd / sqrt(n)`, the sd with n - 1.

    Examples
    --------
    >>> standard_error([1.0, 3.0])
    1.0
    """
    if len(values) < 2:
        return 0.0
    return float(torch.tensor(values, dtype=torch.float64).std()) / math.sqrt(len(values))
