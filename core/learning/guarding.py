"""Stops a training that destroys its network: a penalty that is too strong can leave a fooled model with nothing.

The plain loss and the share of right answers on a fixed sample of validation cases with exchanged content are followed
from the start on. The validation score that chooses the step can't tell this: its best step may lie long before.
"""

from collections.abc import Sequence

import numpy as np
import torch

from core.learning.swapped import SwappedValidation
from core.models.examples import NO_LABEL
from core.models.network import TandemNetwork
from core.models.supervised import all_logits

SAMPLE = 256
PATIENCE = 3
"""Evaluations in a row that look destroyed before the training is stopped."""
LOSS_FACTOR = 3.0
"""Times the loss at the start, or of a constant answer where that is more, that a loss may reach."""
KEPT_SHARE = 0.7
"""Share of the best share of right answers that must be kept."""
LEARNT = 0.1
"""How far above the most frequent class the best share of right answers must have been, to have something to lose."""


class Guard:
    """Watches one training; see `core.models.objectives.Watch`."""

    def __init__(self, swapped: SwappedValidation) -> None:
        self._swapped = swapped
        count = len(swapped)
        self._rows = np.unique(np.linspace(0, count - 1, min(SAMPLE, count)).astype(int)).tolist()
        self._constant, self._majority = _without_inputs(swapped, self._rows)

    def measure(self, network: TandemNetwork) -> tuple[float, float]:
        """Return the plain loss and the share of right answers, means over targets."""
        examples = self._swapped.condensed(network)[1].select(self._rows)
        with torch.no_grad():
            answers = all_logits(network, examples, self._swapped.task.device)
        losses, shares = [], []
        for target, label in examples.labels.items():
            known = label != NO_LABEL
            if bool(known.any()):
                logits, truth = answers[target].cpu().float()[known], label[known]
                losses.append(float(torch.nn.functional.cross_entropy(logits, truth)))
                shares.append(float((logits.argmax(dim=1) == truth).float().mean()))
        return float(np.mean(losses)), float(np.mean(shares))

    def verdict(self, history: Sequence[tuple[float, float]]) -> str | None:
        """Return why to stop, in plain words; None to go on."""
        return destroyed(history, self._constant, self._majority)


def destroyed(history: Sequence[tuple[float, float]], constant: float, majority: float) -> str | None:
    """Return in words how a training destroyed its network; None when it did not.

    `history` holds (loss, share of right answers), the start first; `constant` is the loss of answering with the share
    of each class, `majority` the share of the most frequent class.

    Examples
    --------
    >>> destroyed([(1.0, 0.7), (2.3, 0.2), (2.3, 0.1), (2.3, 0.1)], 2.3, 0.1)
    'right answers fell from 70 % to 10 %'
    >>> destroyed([(2.3, 0.1), (1.0, 0.6), (0.9, 0.7)], 2.3, 0.1) is None
    True
    """
    if len(history) <= PATIENCE:
        return None
    limit = LOSS_FACTOR * max(history[0][0], constant)
    best = max(right for _, right in history[:-PATIENCE])
    last = history[-PATIENCE:]
    if best >= majority + LEARNT and all(right <= max(majority, KEPT_SHARE * best) for _, right in last):
        return f"right answers fell from {best:.0%} to {last[-1][1]:.0%}".replace("%", " %")
    if all(not loss <= limit and right < best for loss, right in last):
        return f"the loss on other cases rose from {history[0][0]:.2g} to {last[-1][0]:.2g}"
    return None


def _without_inputs(swapped: SwappedValidation, rows: Sequence[int]) -> tuple[float, float]:
    """Return loss and share of right answers of answers that look at no input, means over targets."""
    losses, shares = [], []
    for label in swapped.draws[0].select(rows).labels.values():
        counts = torch.bincount(label[label != NO_LABEL]).double()
        if len(counts):
            share = counts[counts > 0] / counts.sum()
            losses.append(float(-(share * share.log()).sum()))
            shares.append(float(share.max()))
    return float(np.mean(losses)) if losses else 0.0, float(np.mean(shares)) if shares else 0.0
