"""What a strategy gets and gives."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import torch
from torch import Tensor

from core.contracts import FairnessAim, ProgressReporter, WorkspaceSpec
from core.fairness.membership import Membership
from core.learning.marks import MarkedExamples
from core.models.calibration import fit_temperature
from core.models.examples import NO_LABEL, Examples
from core.models.network import TandemNetwork
from core.models.supervised import SupervisedObjective
from core.models.training import Objective

Family = Literal["labels", "gradient", "examples", "last layer", "fairness", "robustness", "search"]
"""How a strategy teaches: by labels alone, by what gradients may be, by changed copies of cases, by retraining what
follows the encoders, by what groups may differ, by attacked copies, or by trying others."""
NO_MARKS = "Nobody has marked anything, so there is nothing to guide by. Mark what the model should not use."


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
    condense: Callable[[Examples], Examples]
    """Puts cached vectors in place of the inputs of frozen encoders; other fields stay as they are."""
    device: torch.device
    seed: int
    reporter: ProgressReporter
    label_weights: Mapping[str, Tensor] | None = None
    """Target -> weight [cases of train] of each label, 0 to 1, by how far readers agree; None for 1 everywhere."""
    confirmed: frozenset[int] = frozenset()
    """Training cases whose labels persons gave."""
    groups: tuple[Membership, ...] = ()
    """Who is in which group of each sensitive attribute, for strategies that look at groups."""
    aim: FairnessAim | None = None
    """The gap that a strategy for fairness is to stay under."""


class Strategy(Protocol):
    """A way to turn feedback into a training objective."""

    name: str
    title: str
    words: str
    """What it does, in plain words, for the person who starts it."""
    uses_regions: bool
    family: Family
    cost: float
    """Time of one training relative to that on labels alone (1)."""

    def fits(self, context: StrategyContext) -> str | None:
        """Return None where it can do what it is for, else why not, in plain words with what to do.

        Looks only at `spec`, `network`, `marked`, `groups` and `aim`.
        """

    def objective(self, context: StrategyContext) -> Objective:
        """Return the objective that `core.models.training.fit` minimises; that on labels alone without any mark."""


@runtime_checkable
class Telling(Protocol):
    """An objective that can say what a training came to."""

    def told(self, network: TandemNetwork) -> str:
        """Return in plain words what a network reaches on training and validation cases."""


def supervised(context: StrategyContext) -> SupervisedObjective:
    """Return plain cross-entropy on the training cases: the part that all strategies share."""
    return SupervisedObjective(
        context.condense(context.train),
        context.condense(context.validation),
        context.spec,
        seed=context.seed,
        device=context.device,
        label_weights=context.label_weights,
    )


def capped(penalty: Tensor, limit: Tensor) -> Tensor:
    """Scale a penalty so that its value never exceeds `limit` (a fixed weight can destroy a fooled model).

    A limit below zero counts as zero: a penalty is never rewarded.
    """
    value = float(penalty.detach())
    if value <= 0.0:
        return penalty
    return penalty * min(1.0, max(0.0, float(limit.detach())) / value)


def typical_probability(plain: SupervisedObjective, logits: dict[str, Tensor], labels: dict[str, Tensor]) -> float:
    """Return exp(-cross-entropy) of calibrated answers: the typical probability of the right one, higher is better.

    Each target's answers are taken at the temperature that suits them best, because a version's answers are calibrated
    before anybody sees them: a step must not lose for being too sure. Range 0 to 1.
    """
    calibrated = {name: value / _temperature(value, labels[name]) for name, value in logits.items()}
    total = sum(target.weight for target in plain.targets)
    return math.exp(-float(plain.cross_entropy(calibrated, labels)) / total)


def _temperature(logits: Tensor, labels: Tensor) -> float:
    known = labels != NO_LABEL
    return fit_temperature(logits[known].double().cpu().numpy(), labels[known].cpu().numpy())
