"""What a training gets and gives: hyper-parameters, objective, watch, result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from core.models.network import TandemNetwork


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """Hyper-parameters of one training."""

    seed: int = 0
    epochs: int = 30
    batch_size: int = 256
    """Cases in a mini-batch; the objective cuts them, the plan remembers it to tell its checkpoints from others."""
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    evaluate_every: int = 0
    """Steps between two validation scores; 0 for once an epoch."""
    steps: int = 0
    """Steps to take; 0 for as many as the epochs have."""
    judge_start: bool = False
    """Whether the weights that it starts from have a score, too, and can be the best."""
    keep_last: bool = False
    """Whether the weights of the last step are kept instead of those with the best score."""
    average: int = 0
    """Steps over which weights are averaged; the average is what is judged and kept. 0 for the weights as they are."""
    half: bool = False
    """Whether a GPU may compute the loss in half precision (bfloat16)."""


@dataclass(frozen=True, slots=True)
class FitResult:
    """What a training came to. The network holds the weights of `best_step`."""

    best_step: int
    best_score: float
    curve: tuple[tuple[int, float, float], ...]
    """(step, mean training loss since the last point, validation score)."""
    seconds: float
    """Time spent, earlier attempts included."""
    stopped: str = ""
    """Why the training was stopped before its last step, in plain words; empty when it was not."""


class Watch(Protocol):
    """Looks at a training from outside its objective, and says when it destroys the network."""

    def measure(self, network: TandemNetwork) -> tuple[float, float]:
        """Return the plain loss and the share of right answers on a fixed sample."""

    def verdict(self, history: Sequence[tuple[float, float]]) -> str | None:
        """Return why to stop, in plain words; None to go on. `history` begins with the start."""


class Objective(Protocol):
    """What a training optimises."""

    @property
    def steps_per_epoch(self) -> int:
        """Steps that make one epoch."""

    def loss(self, network: TandemNetwork, step: int, generator: torch.Generator) -> Tensor:
        """Return the loss of `step` (from 0), a scalar with a graph.

        Must depend on its arguments alone (and on what it remembers, see `Remembering`): `generator` is fresh for each
        step and the only source of random numbers, so that resumed training equals uninterrupted training.
        """

    def validation_score(self, network: TandemNetwork) -> float:
        """Return how good the network is on validation cases; higher is better. The step with the best is kept."""


@runtime_checkable
class Remembering(Protocol):
    """An objective that goes by more than the weights and the step: multipliers, an adversary. Checkpoints keep it."""

    def memory(self) -> Mapping[str, Tensor]:
        """Return everything that its next loss depends on beside its arguments, by name."""

    def recall(self, memory: Mapping[str, Tensor]) -> None:
        """Go on from what was remembered."""
