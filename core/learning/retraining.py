"""One retraining from start to delivery, in memory: a strategy, or the search over strategies, and the control run."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from core.contracts import Checkpointer, ProgressReporter, RunOutcome, RunPlan, Trial, WorkspaceSpec
from core.errors import Refused
from core.learning.mark_checks import check_marks, trusted_marks
from core.learning.marks import MarkedExamples
from core.learning.strategies.base import StrategyContext
from core.learning.strategies.labels import LabelsStrategy
from core.learning.strategies.registry import strategy
from core.models.examples import Examples
from core.models.network import TandemNetwork
from core.models.training import FitResult, TrainingPlan, fit


@dataclass(frozen=True, slots=True)
class Task:
    """One retraining, everything in memory. No ledger and no calibration case is in here."""

    spec: WorkspaceSpec
    parent: TandemNetwork | None
    """The champion's network, which is never changed; None before the first version."""
    build: Callable[[], TandemNetwork]
    """Makes a new network with its inputs and standardiser fitted, equal each time."""
    train: Examples
    validation: Examples
    marked: MarkedExamples
    condense: Callable[[TandemNetwork, Examples], Examples]
    """Puts cached vectors in place of the inputs of a network's frozen encoders."""
    device: torch.device
    seed: int
    reporter: ProgressReporter
    strategy: str
    """Name of a strategy, or `auto`."""
    label_weights: Mapping[str, Tensor] | None = None
    """Target -> weight [cases of train] of each label, 0 to 1, by how far readers agree; None for 1 everywhere."""
    checkpointer: Checkpointer | None = None
    plan: RunPlan = field(default_factory=RunPlan)


@dataclass(frozen=True, slots=True)
class Retrained:
    """What a retraining delivers."""

    network: TandemNetwork
    fitted: FitResult
    outcome: RunOutcome


def retrain(task: Task) -> Retrained:
    """Carry out one strategy, or `auto`.

    Raises
    ------
    Refused
        When it is to start from a champion that does not exist.
    NotFound
        When the strategy is unknown.
    Cancelled
        When somebody asked it to stop.
    """
    warnings, given = check_marks(task.marked, task.train, task.spec), len(task.marked)
    task = replace(task, marked=trusted_marks(task.marked, task.train))
    chosen, network = strategy(task.strategy), started(task)
    fitted = fit(
        network, chosen.objective(context_of(task, network)), training_plan(task), task.reporter, task.checkpointer
    )
    trial = Trial(
        strategy=chosen.name,
        title=chosen.title,
        score=fitted.best_score,
        low=None,
        high=None,
        n=len(task.validation),
        seconds=fitted.seconds,
        verdict="delivered",
        reason="It was asked for.",
    )
    outcome = RunOutcome(chosen.name, None, (trial,), warnings, (), given, f"{chosen.title}: trained.")
    return Retrained(network, fitted, outcome)


def train_control(task: Task, done: Retrained) -> TandemNetwork:
    """Train what `done` is held against: the same data, labels, regularisation, steps, start and scope; no marks."""
    network = started(task)
    context = replace(context_of(task, network), marked=task.marked.rows([]))
    fit(network, LabelsStrategy().objective(context), training_plan(task), task.reporter)
    return network


def started(task: Task) -> TandemNetwork:
    """Return the network that a training starts from: a new one, or a copy of the champion's.

    Raises
    ------
    Refused
        When there is no champion to start from.
    """
    if task.plan.start == "scratch":
        return task.build().to(task.device)
    if task.parent is None:
        raise Refused("There is no champion yet to start from. Start from scratch.")
    return copy.deepcopy(task.parent).to(task.device)


def context_of(task: Task, network: TandemNetwork) -> StrategyContext:
    """Return what a strategy gets to train `network`."""
    return StrategyContext(
        spec=task.spec,
        network=network,
        train=task.train,
        validation=task.validation,
        marked=task.marked,
        condense=lambda examples: task.condense(network, examples),
        device=task.device,
        seed=task.seed,
        reporter=task.reporter,
        label_weights=task.label_weights,
    )


def training_plan(task: Task) -> TrainingPlan:
    """Return the hyper-parameters that the workspace declares."""
    training = task.spec.training
    return TrainingPlan(
        seed=task.seed,
        epochs=training.epochs,
        batch_size=training.batch_size,
        learning_rate=training.learning_rate,
        weight_decay=training.weight_decay,
    )
