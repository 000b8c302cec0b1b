"""Cases under attack whose robustness can be worked out by hand."""

import torch
from torch import Tensor

from core.guard.robustness.attacks.base import Victim

WEIGHTS = torch.tensor([[1.0, -1.0, 0.5, 0.0], [-1.0, 1.0, 0.5, 0.0], [0.0, 0.0, -1.0, 0.1]])


def linear(pixels: Tensor, rows: Tensor) -> Tensor:
    """Logits of three classes, linear in four pixels."""
    return pixels @ WEIGHTS.T


def two_classes(pixels: Tensor, rows: Tensor) -> Tensor:
    """The first two logits alone."""
    return linear(pixels, rows)[:, :2]


def masked(pixels: Tensor, rows: Tensor) -> Tensor:
    """The same answers from rounded pixels: no gradient reaches the input."""
    return linear((pixels * 4).round() / 4, rows)


def saturated(pixels: Tensor, rows: Tensor) -> Tensor:
    """The same answers, so sure that cross entropy has no gradient left."""
    return 1e4 * linear(pixels, rows)


def victim_of(answer=linear, pixels: Tensor | None = None) -> Victim:
    """Twelve cases in the middle of the range, answered as they are; the last pixel of case 0 may not change."""
    if pixels is None:
        pixels = 0.35 + 0.3 * torch.rand(12, 4, generator=torch.Generator().manual_seed(1))
    rows = torch.arange(len(pixels))
    movable = torch.ones_like(pixels, dtype=torch.bool)
    movable[0, 3] = False
    return Victim(answer, pixels, answer(pixels, rows).argmax(dim=1), movable, rows)


def margins(victim: Victim) -> Tensor:
    """The smallest epsilon that flips each linear case: least margin over the L1 norm of the difference of weights."""
    logits, movable = victim.logits(victim.pixels), victim.movable.float()
    found = []
    for row, own in enumerate(victim.labels.tolist()):
        others = [other for other in range(logits.shape[1]) if other != own]
        reach = [(WEIGHTS[own] - WEIGHTS[other]).abs() @ movable[row] for other in others]
        found.append(min(float((logits[row, own] - logits[row, o]) / r) for o, r in zip(others, reach, strict=True)))
    return torch.tensor(found)
