"""One retraining as its inputs, and the networks, contexts and plans that trainings of it begin with."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from core.contracts import Checkpointer, ProgressReporter, RunOutcome, RunPlan, StartFrom, WorkspaceSpec
from core.errors import Refused
from core.fairness.membership import Membership
from core.learning.marks import MarkedExamples
from core.learning.strategies.base import StrategyContext
from core.models.examples import Examples
from core.models.network import TandemNetwork
from core.models.preparers import preparation_key
from core.models.scope import open_scope, opened_backbones, trained_parameters
from core.models.training import FitResult, TrainingPlan

BACKBONE_BATCH = {"cpu": 16, "cuda": 64}
"""Cases in a mini-batch while a backbone trains: its feature maps must fit in memory."""
BACKBONE_EPOCHS = 4
BACKBONE_RATE = 1e-4
"""Epochs and learning rate while a backbone trains: it begins with weights that are good already."""


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
    confirmed: frozenset[int] = frozenset()
    """Training cases whose labels persons gave."""
    checkpointer: Checkpointer | None = None
    plan: RunPlan = field(default_factory=RunPlan)
    groups: tuple[Membership, ...] = ()
    """Who is in which group of each sensitive attribute."""


@dataclass(frozen=True, slots=True)
class Retrained:
    """What a retraining delivers."""

    network: TandemNetwork
    """The parent's own, unchanged, where nothing better was found."""
    fitted: FitResult
    outcome: RunOutcome
    start: StartFrom
    """What the delivered training started from."""

    @property
    def is_parent(self) -> bool:
        """Whether the parent was delivered: no effect."""
        return self.outcome.no_effect


class Remembered:
    """Condenses each set of examples once for networks with equal frozen encoders.

    Sets without labels are not remembered: they are changed copies that a strategy makes, which would fill the memory.
    """

    def __init__(self, condense: Callable[[TandemNetwork, Examples], Examples]) -> None:
        self._condense = condense
        self._kept: dict[tuple[int, str], tuple[Examples, Examples]] = {}

    def __call__(self, network: TandemNetwork, examples: Examples) -> Examples:
        """Return `examples` with cached vectors."""
        if not network.frozen_fields:
            return examples
        if all(network.holds_vectors(name, examples.inputs[name]) for name in network.frozen_fields):
            return examples
        if not examples.labels:
            return self._condense(network, examples)
        key = (id(examples), network.embedding_key)
        if key not in self._kept:
            self._kept[key] = (examples, self._condense(network, examples))
        return self._kept[key][1]


def started(task: Task, start: StartFrom | None = None) -> TandemNetwork:
    """Return the network that a training starts from, with its scope open for training.

    From `scratch`, what trains is new and the rest is the champion's; with the scope `all`, everything is new.

    Raises
    ------
    Refused
        When there is no champion to start from, or it reads other inputs than the workspace has now.
    """
    start, scope = start or task.plan.start, task.plan.scope
    if start == "scratch" and scope == "all":
        return task.build().to(task.device)
    network = _copy(task)
    open_scope(network, scope)
    if start == "scratch":
        _renew(network, task.build())
    return network


def _copy(task: Task) -> TandemNetwork:
    if task.parent is None:
        raise Refused("There is no champion yet to start from. Start from scratch, with everything in scope.")
    if not reads_alike(task.parent.spec, task.spec):
        raise Refused(
            "The champion was trained before the workspace's fields or targets changed, so its weights do not fit. "
            "Start from scratch, with everything in scope."
        )
    network = copy.deepcopy(task.parent).to(task.device)
    for name, tensor in network.named_parameters():
        tensor.requires_grad_(_trains(network, name))
    return network


def reads_alike(one: WorkspaceSpec, other: WorkspaceSpec) -> bool:
    """Return whether networks of two revisions of a workspace take the same inputs and give the same answers."""
    return _read(one) == _read(other)


def _read(spec: WorkspaceSpec) -> tuple[list[tuple[str, str]], list[tuple[str, tuple[str, ...]]]]:
    fields = [(field.name, preparation_key(field)) for field in spec.fields]
    return fields, [(target.name, target.classes) for target in spec.targets]


def _trains(network: TandemNetwork, parameter: str) -> bool:
    fixed = tuple(f"encoders.field_{name}." for name in network.frozen_fields)
    return not parameter.startswith((*fixed, "body."))


def _renew(network: TandemNetwork, fresh: TandemNetwork) -> None:
    """Put new weights in place of those that train."""
    new = fresh.state_dict()
    with torch.no_grad():
        for name, tensor in trained_parameters(network).items():
            tensor.copy_(new[name])


def context_of(task: Task, network: TandemNetwork) -> StrategyContext:
    """Return what a strategy gets to train `network`."""
    return StrategyContext(
        spec=_spec(task, network),
        network=network,
        train=task.train,
        validation=task.validation,
        marked=task.marked,
        condense=lambda examples: task.condense(network, examples),
        device=task.device,
        seed=task.seed,
        reporter=task.reporter,
        label_weights=task.label_weights,
        confirmed=task.confirmed,
        groups=task.groups,
        aim=task.plan.aim,
    )


def _spec(task: Task, network: TandemNetwork) -> WorkspaceSpec:
    """Return the workspace, with mini-batches that a backbone can train on."""
    if not opened_backbones(network):
        return task.spec
    size = min(task.spec.training.batch_size, BACKBONE_BATCH.get(task.device.type, BACKBONE_BATCH["cpu"]))
    return task.spec.model_copy(update={"training": task.spec.training.model_copy(update={"batch_size": size})})


def training_plan(task: Task, network: TandemNetwork, start: StartFrom) -> TrainingPlan:
    """Return the hyper-parameters that the workspace declares; gentler ones while a backbone trains."""
    training = _spec(task, network).training
    plan = TrainingPlan(
        seed=task.seed,
        epochs=training.epochs,
        batch_size=training.batch_size,
        learning_rate=training.learning_rate,
        weight_decay=training.weight_decay,
        judge_start=start == "champion",
    )
    if not opened_backbones(network):
        return plan
    epochs, rate = min(plan.epochs, BACKBONE_EPOCHS), min(plan.learning_rate, BACKBONE_RATE)
    return replace(plan, epochs=epochs, learning_rate=rate, half=True)
