"""Which step of a training is best: within the limit the most accurate one, else the one that misses it least.

Answers that hardly tell positive cases from others satisfy every limit and help nobody, so they come last.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from core.fairness.training.cells import Cells, hard_answers

INFORMED = 0.05
"""How far true and false positive rate must be apart for answers to count as telling anything."""
EXCHANGE = 2.0
"""Points of accuracy that a point of gap over the limit is worth, among steps that miss it."""


@dataclass(frozen=True, slots=True)
class Reached:
    """What answers to a set of cases reach."""

    gap: float
    """0 to 1, lower is better."""
    informed: bool
    """Whether they tell positive cases from others at all."""

    def within(self, limit: float) -> bool:
        """Return whether the gap is within the limit, by answers that tell something."""
        return self.informed and self.gap <= limit


def reached(cells: Cells, logits: Tensor, labels: Tensor, positive: int) -> Reached:
    """Return what logits [cases, classes] reach on the cases of `cells`, whose class indexes are `labels` [cases]."""
    known = labels >= 0
    hard = hard_answers(logits, labels, positive)
    return Reached(cells.gap(hard), _informed(hard.positive[known], labels[known] == positive))


def accuracy(logits: Tensor, labels: Tensor, weights: Tensor | None = None) -> float:
    """Return the share of right answers among labelled cases, by weight of the true class [classes] where given.

    Examples
    --------
    >>> accuracy(torch.tensor([[2.0, 1.0], [2.0, 1.0]]), torch.tensor([0, 1]), torch.tensor([1.0, 3.0]))
    0.25
    """
    known = labels >= 0
    right = (logits.argmax(dim=1) == labels)[known].float()
    counted = torch.ones_like(right) if weights is None else weights[labels[known]]
    return float((right * counted).sum() / counted.sum().clamp(min=1e-12))


def step_score(found: Reached, limit: float, quality: float, *, settled: bool = True) -> float:
    """Return how good a step is, above 0 and below 1, higher is better.

    Within the limit above 1/2 and by `quality` (0 to 1); beyond it by quality less what the gap costs; below 1/10
    where the answers tell nothing. Before a training has settled nothing is above 1/2: answers that hardly differ yet
    are easily alike for all groups, and must not win over what comes later.

    Examples
    --------
    >>> step_score(Reached(0.01, True), 0.02, 0.83) > step_score(Reached(0.03, True), 0.02, 0.85)
    True
    """
    part = min(max(quality, 1e-3), 1 - 1e-3)
    if settled and found.within(limit):
        return 0.5 + 0.5 * part
    if not found.informed:
        return 0.1 * part
    missed = min(max(quality - EXCHANGE * max(0.0, found.gap - limit), 1e-3), 1 - 1e-3)
    return 0.1 + 0.4 * missed


def _informed(selected: Tensor, truth: Tensor) -> bool:
    if not bool(truth.any()) or bool(truth.all()):
        return True
    return float(selected[truth].mean() - selected[~truth].mean()) > INFORMED
