"""What a strategy gets and gives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as functional
from torch import Tensor

from core.contracts import ProgressReporter, WorkspaceSpec
from core.learning.marks import MarkedExamples
from core.models.examples import Examples
from core.models.network import TandemNetwork
from core.models.training import Objective

Embedder = Callable[[Mapping[str, Tensor]], Tensor]


@dataclass(frozen=True, slots=True)
class StrategyContext:
    """Everything one retraining may use. No ledger and no calibration case is in here."""

    spec: WorkspaceSpec
    network: TandemNetwork
    train: Examples
    """Training cases and the pool cases that people labelled."""
    validation: Examples
    marked: MarkedExamples
    """Rows with *ignore* or *look here* marks; empty for a run without regions."""
    embed_examples: Callable[[Examples], Tensor]
    """Cached embeddings [n, D] of examples under a frozen encoder."""
    device: torch.device
    seed: int
    reporter: ProgressReporter


class Strategy(Protocol):
    """A way to turn feedback into a training objective."""

    name: str
    title: str
    words: str
    """What it does, in plain words, for the person who starts it."""
    uses_regions: bool

    def objective(self, context: StrategyContext) -> Objective:
        """Return the objective that `core.models.training.fit` minimises."""


def class_weights(examples: Examples, spec: WorkspaceSpec, device: torch.device) -> dict[str, Tensor | None]:
    """Return per target the inverse-frequency class weights [K] (mean 1), or None where they are off."""
    return {
        target.name: _inverse_frequency(examples.labels[target.name], len(target.classes), device)
        if spec.training.class_weights
        else None
        for target in spec.targets
    }


def _inverse_frequency(labels: Tensor, classes: int, device: torch.device) -> Tensor:
    counts = torch.bincount(labels[labels >= 0], minlength=classes).clamp_min(1).float()
    weights = counts.sum() / (classes * counts)
    return (weights / weights.mean()).to(device)


def label_loss(
    logits: Mapping[str, Tensor],
    labels: Mapping[str, Tensor],
    spec: WorkspaceSpec,
    weights: Mapping[str, Tensor | None],
) -> Tensor:
    """Return the weighted sum over targets of mean cross-entropy; cases without a label (-1) are left out."""
    total = torch.zeros((), device=next(iter(logits.values())).device)
    for target in spec.targets:
        known = labels[target.name] >= 0
        if bool(known.any()):
            loss = functional.cross_entropy(
                logits[target.name][known], labels[target.name][known], weight=weights[target.name]
            )
            total = total + target.weight * loss
    return total


def capped(penalty: Tensor, limit: Tensor) -> Tensor:
    """Scale a penalty so that its value never exceeds `limit` (a fixed weight can destroy a fooled model)."""
    value = float(penalty.detach())
    if value <= 0.0:
        return penalty
    return penalty * min(1.0, float(limit.detach()) / value)


def log_likelihood(
    logits: Mapping[str, Tensor], labels: Mapping[str, Tensor], spec: WorkspaceSpec, weights: Mapping[str, Tensor | None]
) -> float:
    """Return minus the label loss: the validation score; higher is better."""
    return -float(label_loss(logits, labels, spec, weights))


def epoch_batch(count: int, batch_size: int, step: int, seed: int) -> Tensor:
    """Return the indices of mini-batch `step`; each epoch is a new permutation that depends on nothing else.

    So a resumed run draws the very same batches.
    """
    per_epoch = max(1, -(-count // batch_size))
    epoch, position = divmod(step, per_epoch)
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed * 1_000_003 + epoch))
    return order[position * batch_size : (position + 1) * batch_size]
