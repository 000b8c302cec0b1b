"""What a strategy gets and gives."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from core.contracts import ProgressReporter, WorkspaceSpec
from core.learning.marks import MarkedExamples
from core.models.examples import Examples
from core.models.network import TandemNetwork
from core.models.supervised import SupervisedObjective
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


def supervised(context: StrategyContext) -> SupervisedObjective:
    """Return plain cross-entropy on the training cases: the part that all strategies share."""
    frozen = context.network.frozen
    return SupervisedObjective(
        context.train,
        context.validation,
        context.spec,
        seed=context.seed,
        device=context.device,
        train_embeddings=context.embed_examples(context.train) if frozen else None,
        validation_embeddings=context.embed_examples(context.validation) if frozen else None,
    )


def capped(penalty: Tensor, limit: Tensor) -> Tensor:
    """Scale a penalty so that its value never exceeds `limit` (a fixed weight can destroy a fooled model)."""
    value = float(penalty.detach())
    if value <= 0.0:
        return penalty
    return penalty * min(1.0, float(limit.detach()) / value)


def typical_probability(plain: SupervisedObjective, logits: dict[str, Tensor], labels: dict[str, Tensor]) -> float:
    """Return exp(-cross-entropy): the typical probability of the right answer, 0 to 1, higher is better."""
    total = sum(target.weight for target in plain.targets)
    return math.exp(-float(plain.cross_entropy(logits, labels)) / total)
