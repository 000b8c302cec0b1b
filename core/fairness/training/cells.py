"""Who counts for which rate of which group, and the rates of answers and of probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.contracts import GapMetric, RateName
from core.fairness.gaps import gap_measure
from core.fairness.intervals import Array
from core.fairness.outcomes import outcomes_of
from core.fairness.rates import RATES

SMALLEST = 5
"""Fewest cases behind the rate of a group for it to be held against others: fewer say nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers to cases, hard or smooth, as numbers from 0 to 1 [cases]."""

    positive: Tensor
    """Whether (or how probably) the answer is the positive class."""
    right: Tensor
    """Whether (or how probably) it is the true class."""

    def of(self, rate: RateName) -> Tensor:
        """Return what a rate is the mean of."""
        return self.right if rate == "accuracy" else self.positive


def smooth_answers(logits: Tensor, labels: Tensor, positive: int) -> Answers:
    """Return probabilities of logits [cases, classes], with a graph."""
    probabilities = torch.softmax(logits, dim=1)
    true = labels.clamp(min=0)[:, None]
    return Answers(probabilities[:, positive], probabilities.gather(1, true)[:, 0])


def hard_answers(logits: Tensor, labels: Tensor, positive: int) -> Answers:
    """Return 1 and 0 for the most probable class of logits [cases, classes]."""
    answers = logits.detach().argmax(dim=1)
    return Answers((answers == positive).float(), (answers == labels).float())


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The cells of a gap's rates: one for each rate and group."""

    metric: GapMetric
    rates: tuple[RateName, ...]
    codes: Tensor
    """Group of each case where it counts for the rate, else -1; int64 [rates, cases]."""
    sizes: Tensor
    """Cases of each cell, float [rates, groups]; 0 where they are too few to be held against others."""

    @property
    def bounded(self) -> bool:
        """Whether it is an error that is kept low, not a distance."""
        return self.metric == "worst_group"

    @property
    def comparable(self) -> bool:
        """Whether there is anything to hold alike: two groups for a rate (one, for an error)."""
        return bool(((self.sizes > 0).sum(dim=1) >= (1 if self.bounded else 2)).any())

    def sums(self, answers: Answers, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return the sums of answers to `rows`, and how many these are, by cell: each [rates, groups]."""
        shape = self.sizes.shape
        sums, counts = (torch.zeros(shape, device=answers.positive.device) for _ in range(2))
        for place, rate in enumerate(self.rates):
            codes = self.codes[place, rows].to(sums.device)
            known = codes >= 0
            values = answers.of(rate)[known]
            sums[place] = sums[place].index_add(0, codes[known], values)
            counts[place] = counts[place].index_add(0, codes[known], torch.ones_like(values))
        return sums, counts

    def gap(self, answers: Answers) -> float:
        """Return the gap of hard answers to all cases, 0 is best; cells that are too small are left out."""
        sums, counts = self.sums(answers, torch.arange(self.codes.shape[1]))
        kept = (self.sizes > 0).to(counts.device)
        shares = torch.where(kept, sums / counts.clamp(min=1), torch.full_like(sums, torch.nan))
        rates: Array = np.asarray(shares.double().cpu().numpy())
        return float(gap_measure(self.metric).value(rates)) if self.comparable else 0.0


def cells_of(metric: GapMetric, labels: Tensor, positive: int, codes: Tensor, groups: Sequence[str]) -> Cells:
    """Return the cells of a gap.

    Parameters
    ----------
    metric
        Which gap; its rates say who counts.
    labels
        Class index of each case, int64 [cases]; below 0 where it is unknown, and the case counts nowhere.
    positive
        Index of the positive class.
    codes
        Group of each case, int64 [cases]; below 0 where it is unknown, and the case counts nowhere.
    groups
        Names of the groups.

    Examples
    --------
    >>> labels, codes = torch.tensor([1, 1, 0, -1]), torch.tensor([0, 1, 0, 1])
    >>> cells_of("equal_opportunity", labels, 1, codes, ("AP", "PA")).codes
    tensor([[ 0,  1, -1, -1]])
    """
    rates = gap_measure(metric).rates
    truth = (labels == positive).cpu().numpy()
    outcomes = outcomes_of(np.zeros_like(truth), truth)
    about = torch.from_numpy(np.stack([RATES[rate].about(outcomes) for rate in rates]))
    own = torch.where(about & (labels >= 0).cpu(), codes.cpu(), torch.full_like(codes.cpu(), -1))
    sizes = torch.stack([torch.bincount(row[row >= 0], minlength=len(groups)) for row in own]).float()
    return Cells(metric, rates, own, torch.where(sizes >= SMALLEST, sizes, torch.zeros_like(sizes)))
