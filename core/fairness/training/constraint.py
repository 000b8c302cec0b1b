"""The Lagrangian of a gap: what training pays for groups that differ, by multipliers that the hard gap drives.

Each rate of each group is held against what all groups have (with two groups: against the middle between them), so
that no gap exceeds the limit. Probabilities carry the gradient; how far the thresholded answers of training cases are
apart moves the multipliers, for probabilities can be alike while answers are not. A multiplier is the sum of the
violations so far, never below zero and never above a cap, and a share of the present one, which keeps it from swinging.

Source: Cotter et al., Two-Player Games for Efficient Non-Convex Constrained Optimization, ALT 2019 (proxy constraints);
Stooke, Achiam and Abbeel, Responsive Safety in Reinforcement Learning by PID Lagrangian Methods, ICML 2020.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from core.fairness.training.cells import Answers, Cells

RAMP = 60.0
"""How much a violation of 1 that lasts a whole training adds to its multiplier."""
PRESENT = 4.0
"""Multiplier for a present violation of 1."""
CAP = 5.0
"""Largest multiplier: cross entropy must keep a say."""
INSIDE = 0.75
"""Share of the limit that the training aims at, so that it comes to lie within."""


class GroupConstraint:
    """Holds the rates of groups alike while a network trains on mini-batches.

    Parameters
    ----------
    cells
        Who counts for which rate, over all training cases.
    limit
        Largest gap (largest error of a group for `worst_group`), 0 to 1.
    steps
        Steps of the whole training.
    steps_per_epoch
        Mini-batches in one pass: over so many the rates are averaged.
    """

    def __init__(self, cells: Cells, limit: float, steps: int, steps_per_epoch: int) -> None:
        self.cells, self.aim = cells, INSIDE * limit
        self.gain = RAMP / max(1, steps)
        self.kept = 1.0 - 1.0 / max(1, steps_per_epoch)
        shape = cells.sizes.shape
        self.sums, self.counts = torch.zeros(shape), torch.zeros(shape)
        self.above, self.below = torch.zeros(shape), torch.zeros(shape)

    def penalty(self, smooth: Answers, hard: Answers, rows: Tensor) -> Tensor:
        """Return what the loss gets on top for a mini-batch, a scalar with a graph, and move the multipliers.

        Formula: sum over cells of multiplier x (rate - what it is held against), with rates estimated from the
        mini-batch; its gradient is that of the Lagrangian.
        """
        if not self.cells.comparable:
            return smooth.positive.sum() * 0.0
        self._measure(hard, rows)
        self._raise()
        pull = self.pull().to(smooth.positive.device)
        share = len(rows) / self.cells.codes.shape[1]
        sums, _ = self.cells.sums(smooth, rows)
        expected = (self.cells.sizes * share).clamp(min=1e-6).to(sums.device)
        return (pull * sums / expected).sum()

    def pull(self) -> Tensor:
        """Return what one unit of each cell's rate costs [rates, groups]; below 0 where it is to rise."""
        distance = self._distance()
        up = (self.above + PRESENT * (distance - self._allowed).clamp(min=0)).clamp(max=CAP)
        if self.cells.bounded:
            return -up
        down = (self.below + PRESENT * (-distance - self._allowed).clamp(min=0)).clamp(max=CAP)
        signed = up - down
        return signed - self._reference() * signed.sum(dim=1, keepdim=True)

    @property
    def _allowed(self) -> float:
        """Largest distance of a group: half the gap, for two may lie on either side."""
        return self.aim if self.cells.bounded else self.aim / 2

    def _measure(self, hard: Answers, rows: Tensor) -> None:
        sums, counts = self.cells.sums(hard, rows)
        self.sums = self.kept * self.sums + sums.cpu()
        self.counts = self.kept * self.counts + counts.cpu()

    def _raise(self) -> None:
        distance = self._distance()
        self.above = (self.above + self.gain * (distance - self._allowed)).clamp(0.0, CAP)
        self.below = (self.below + self.gain * (-distance - self._allowed)).clamp(0.0, CAP)

    def _distance(self) -> Tensor:
        """Return how far each rate is above what it is held against [rates, groups] (an error: above zero)."""
        rates = self.sums / self.counts.clamp(min=1e-6)
        seen = (self.counts > 0) & (self.cells.sizes > 0)
        if self.cells.bounded:
            return torch.where(seen, 1.0 - rates, torch.zeros_like(rates))
        weights = self._reference() * seen
        middle = (weights * rates).sum(dim=1, keepdim=True) / weights.sum(dim=1, keepdim=True).clamp(min=1e-6)
        return torch.where(seen, rates - middle, torch.zeros_like(rates))

    def _reference(self) -> Tensor:
        """Return how much each group says about what rates are held against [rates, groups]; sums to 1 (or is 0)."""
        sizes = self.cells.sizes
        there = (sizes > 0).float()
        weights = torch.where(there.sum(dim=1, keepdim=True) > 2, sizes, there)
        return weights / weights.sum(dim=1, keepdim=True).clamp(min=1e-6)

    def memory(self) -> Mapping[str, Tensor]:
        """Return what an interrupted training must remember."""
        return {"sums": self.sums, "counts": self.counts, "above": self.above, "below": self.below}

    def recall(self, memory: Mapping[str, Tensor]) -> None:
        """Go on from what was remembered."""
        self.sums, self.counts = memory["sums"].clone(), memory["counts"].clone()
        self.above, self.below = memory["above"].clone(), memory["below"].clone()
