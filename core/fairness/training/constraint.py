"""The Lagrangian of a gap: what training pays for groups that differ, by multipliers that the hard gap drives.

Each rate of each group is held against what all groups have (with two groups: against the middle between them), so
that no gap exceeds the limit. Probabilities carry the gradient; how far the thresholded answers of training cases are
apart moves the multipliers, for probabilities can be alike while answers are not. A multiplier is the sum of the
violations so far, never below zero and never above a cap, and a share of the present one, which keeps it from swinging.
Rates of hard answers need many cases, so they are averaged over an epoch; what probabilities moved since is added.

Source: Cotter et al., Two-Player Games for Efficient Non-Convex Constrained Optimization, ALT 2019 (proxy constraints);
Stooke, Achiam and Abbeel, Responsive Safety in Reinforcement Learning by PID Lagrangian Methods, ICML 2020.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from core.fairness.training.cells import Answers, Cells

RAMP = 60.0
"""How much a violation of 1 that lasts a whole training adds to its multiplier."""
PRESENT = 8.0
"""Multiplier for a present violation of 1."""
CAP = 5.0
"""Largest multiplier: cross entropy must keep a say."""
DOUBT = 20.0
"""Cases of a cell in a mini-batch at which half of what moved there is believed."""
STEEPEST = 4.0
"""Largest factor by which violations of a rare rate count more."""
INSIDE = 0.75
"""Share of the limit that the training aims at, so that it comes to lie within."""

REMEMBERED = ("smooth", "hard", "counts", "rates", "above", "below")


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
        self.smooth, self.hard, self.counts, self.rates = (torch.zeros(shape) for _ in range(4))
        self.above, self.below = torch.zeros(shape), torch.zeros(shape)

    def penalty(self, smooth: Answers, hard: Answers, rows: Tensor) -> Tensor:
        """Return what the loss gets on top for a mini-batch, a scalar with a graph, and move the multipliers.

        Formula: sum over cells of multiplier x (rate - what it is held against), with rates estimated from the
        mini-batch; its gradient is that of the Lagrangian.
        """
        if not self.cells.comparable:
            return smooth.positive.sum() * 0.0
        self._measure(smooth, hard, rows)
        self._raise()
        pull = self.pull().to(smooth.positive.device)
        share = len(rows) / self.cells.codes.shape[1]
        sums, _ = self.cells.sums(smooth, rows)
        expected = (self.cells.sizes * share).clamp(min=1e-6).to(sums.device)
        return (pull * sums / expected).sum()

    def pull(self) -> Tensor:
        """Return what one unit of each cell's rate costs [rates, groups]; below 0 where it is to rise."""
        above, below = self._violations()
        up = (self.above + PRESENT * above.clamp(min=0)).clamp(max=CAP)
        if self.cells.bounded:
            return -up
        down = (self.below + PRESENT * below.clamp(min=0)).clamp(max=CAP)
        signed = self._scale() * (up - down)
        return signed - self._reference() * signed.sum(dim=1, keepdim=True)

    @property
    def _allowed(self) -> float:
        """Largest distance of a group: half the gap, for two may lie on either side."""
        return self.aim if self.cells.bounded else self.aim / 2

    def _measure(self, smooth: Answers, hard: Answers, rows: Tensor) -> None:
        """Estimate the hard rates of the present weights: running averages, moved as far as probabilities moved."""
        now, counts = (tensor.detach().cpu() for tensor in self.cells.sums(smooth, rows))
        self.smooth = self.kept * self.smooth + now
        self.hard = self.kept * self.hard + self.cells.sums(hard, rows)[0].cpu()
        self.counts = self.kept * self.counts + counts
        believed = counts / (counts + DOUBT)
        moved = now / counts.clamp(min=1) - self.smooth / self.counts.clamp(min=1e-6)
        self.rates = self.hard / self.counts.clamp(min=1e-6) + believed * moved

    def _raise(self) -> None:
        above, below = self._violations()
        self.above = (self.above + self.gain * above).clamp(0.0, CAP)
        self.below = (self.below + self.gain * below).clamp(0.0, CAP)

    def _violations(self) -> tuple[Tensor, Tensor]:
        """Return how far rates lie above and below what is allowed, scaled; below 0 within it."""
        distance, scale = self._distance(), self._scale()
        return scale * (distance - self._allowed), scale * (-distance - self._allowed)

    def _scale(self) -> Tensor:
        """Return 1 for rates about 1/2 and more for rare ones, which move less by the same pull: [rates, 1]."""
        rate = (self.cells.sizes * self.rates).sum(dim=1, keepdim=True) / self.cells.sizes.sum(dim=1, keepdim=True)
        return 0.5 / (rate * (1.0 - rate)).clamp(min=0.25 / STEEPEST**2).sqrt()

    def _distance(self) -> Tensor:
        """Return how far each rate is above what it is held against [rates, groups] (an error: above zero)."""
        rates = self.rates
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
        return {name: getattr(self, name) for name in REMEMBERED}

    def recall(self, memory: Mapping[str, Tensor]) -> None:
        """Go on from what was remembered."""
        for name in REMEMBERED:
            setattr(self, name, memory[name].clone())
