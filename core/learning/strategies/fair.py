"""What strategies for fairness share: the gap that they aim at, who is in which group, and which step is best."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from core.contracts import FairnessAim, WorkspaceSpec
from core.errors import Refused
from core.fairness.gaps import gap_measure
from core.fairness.membership import JOINT, Membership
from core.fairness.training.cells import SMALLEST, cells_of
from core.fairness.training.judging import Reached, accuracy, reached, step_score
from core.learning.strategies.base import Family, StrategyContext, supervised
from core.models.examples import concatenate
from core.models.network import TandemNetwork
from core.models.randomness import epoch_rows
from core.models.supervised import all_logits
from core.models.training import Objective

OF_POLICY = 0.5
"""Share of the policy's limit that a training aims at: at the gate the whole interval must lie below the limit."""
AVERAGED = 3
"""Epochs over which weights are averaged: while multipliers settle, weights swing around what they settle to."""
SETTLED = 0.4
"""Share of the steps after which a step can be the best that keeps within the limit."""
SURE = 0.1
"""How much typical probability counts beside accuracy, among steps within the limit: it tells equal ones apart."""


def aim_of(spec: WorkspaceSpec, aim: FairnessAim | None) -> FairnessAim | None:
    """Return what a training aims at: what was asked for, else the first policy, else the first sensitive attribute.

    None where there is no sensitive attribute.
    """
    first = spec.targets[0].name
    if aim is not None:
        return replace(aim, target=aim.target or first)
    for policy in spec.fairness:
        limit = policy.limit if policy.metric == "worst_group" else OF_POLICY * policy.limit
        return FairnessAim(policy.attribute, policy.metric, limit, policy.target or first)
    sensitive = [attribute.name for attribute in spec.attributes if attribute.sensitive]
    return FairnessAim(sensitive[0], target=first) if sensitive else None


def why_unfit(context: StrategyContext) -> str | None:
    """Return why there is no gap to train against, in plain words with what to do; None where there is one."""
    aim = aim_of(context.spec, context.aim)
    if aim is None:
        return (
            "The workspace declares no sensitive attribute, so there are no groups to hold alike. Write `sensitive = "
            "true` at an attribute of the workspace file and import it again."
        )
    if aim.target not in {target.name for target in context.spec.targets}:
        return f"The workspace asks no question {aim.target!r}. Name one of its targets."
    own = _own(context, aim.attribute)
    if own is None:
        known = ", ".join(sorted(item.attribute for item in context.groups)) or "none"
        return (
            f"Nothing is known of groups by {aim.attribute!r} (known: {known}). Name sensitive attributes of the "
            f"workspace, several joined by `{JOINT}`."
        )
    counts = torch.bincount(own.train[own.train >= 0], minlength=len(own.names))
    if int((counts >= SMALLEST).sum()) < 2:
        return (
            f"Fewer than two groups of {aim.attribute} have {SMALLEST} training cases, so there is nothing to compare. "
            "Name another attribute, or add cases of other groups."
        )
    return None


def _own(context: StrategyContext, attribute: str) -> Membership | None:
    return next((item for item in context.groups if item.attribute == attribute), None)


class FairStrategy(ABC):
    """A strategy that makes groups more alike in what the model gets right and wrong."""

    name: str
    title: str
    words: str
    uses_regions = False
    family: Family = "fairness"
    cost: float

    def fits(self, context: StrategyContext) -> str | None:
        """Return why it does not fit, if so: it needs a sensitive attribute with two groups."""
        return why_unfit(context)

    def objective(self, context: StrategyContext) -> Objective:
        """Return its objective.

        Raises
        ------
        Refused
            When it does not fit.
        """
        reason, aim = why_unfit(context), aim_of(context.spec, context.aim)
        own = _own(context, aim.attribute) if aim is not None else None
        if reason is not None or aim is None or own is None:
            raise Refused(f"Strategy {self.name!r} can't be used here. {reason}")
        return self.build(context, aim, own)

    @abstractmethod
    def build(self, context: StrategyContext, aim: FairnessAim, own: Membership) -> Objective:
        """Return its objective where it fits."""


class FairObjective:
    """Cross entropy with something on top; its best step keeps the gap of training and validation cases in the limit.

    The gap is that of both together, because validation cases alone are few; accuracy is that of validation cases,
    because training cases can be learnt by heart.
    """

    def __init__(self, context: StrategyContext, aim: FairnessAim, own: Membership) -> None:
        self.context, self.aim, self.own = context, aim, own
        self.plain = supervised(context)
        self.target = context.spec.target(str(aim.target))
        self.positive = self.target.classes.index(self.target.positive_class)
        self.labels = self.plain.train.labels[self.target.name]
        self.step = 0
        self.steps = context.spec.training.epochs * self.plain.steps_per_epoch
        self._all = concatenate([self.plain.train, self.plain.validation])
        codes = torch.cat([own.train, own.validation])
        self._cells = cells_of(aim.metric, self._all.labels[self.target.name], self.positive, codes, own.names)

    @property
    def steps_per_epoch(self) -> int:
        """Mini-batches in one pass over the training cases."""
        return self.plain.steps_per_epoch

    @property
    def averaged_steps(self) -> int:
        """Steps over which the weights that are judged and kept are averaged."""
        return AVERAGED * self.plain.steps_per_epoch

    def loss(self, network: TandemNetwork, step: int, generator: torch.Generator) -> Tensor:
        """Return the loss of mini-batch `step`, a scalar with a graph."""
        self.step, device = step, self.context.device
        rows = epoch_rows(len(self.plain.train), self.plain.batch_size, step, self.plain.seed)
        vectors = network.encode(self.plain.train.batch(rows, device))
        logits, labels = network.decide(network.fusion(vectors)), self.plain.train.batch_labels(rows, device)
        own = logits[self.target.name]
        trust = self.trust(own.detach(), rows)
        loss = self.plain.aligned(network, vectors, logits, labels, trust).loss
        return loss + self.added(own, labels[self.target.name], rows, step)

    def trust(self, logits: Tensor, rows: Tensor) -> Mapping[str, Tensor]:
        """Return how much each of these training cases counts, by target [rows]; empty for all alike."""
        return self.plain.trust(rows)

    def added(self, logits: Tensor, labels: Tensor, rows: Tensor, step: int) -> Tensor:
        """Return what is added to the cross entropy of these training cases."""
        return logits.sum() * 0.0

    def validation_score(self, network: TandemNetwork) -> float:
        """Return how good a step is, 0 to 1, higher is better; above 1/2 it keeps within the limit."""
        logits = all_logits(network, self._all, self.context.device)
        found, held = self._reached(logits[self.target.name]), len(self.plain.train)
        labels = {name: values.to(self.context.device) for name, values in self.plain.validation.labels.items()}
        outside = {name: values[held:] for name, values in logits.items()}
        weights = self.plain.class_weights.get(self.target.name)
        right = accuracy(outside[self.target.name], labels[self.target.name], weights)
        sure = math.exp(-float(self.plain.cross_entropy(outside, labels)) / sum(t.weight for t in self.plain.targets))
        settled = self.step >= SETTLED * self.steps
        return step_score(found, self.aim.limit, (1 - SURE) * right + SURE * sure, settled=settled)

    def told(self, network: TandemNetwork) -> str:
        """Return in words which gap a network reaches on training and validation cases."""
        with torch.no_grad():
            found = self._reached(all_logits(network.eval(), self._all, self.context.device)[self.target.name])
        if not self._cells.comparable:
            return f"No two groups of {self.own.attribute} have enough cases to be compared, so it had no effect."
        title = gap_measure(self.aim.metric).title.split(":")[0].lower()
        within = "within" if found.within(self.aim.limit) else "beyond"
        return (
            f"On training and validation cases the gap between groups of {self.own.attribute} ({title}) is "
            f"{found.gap:.3f}, {within} the {self.aim.limit:g} that was asked for."
        )

    def memory(self) -> Mapping[str, Tensor]:
        """Return what its next loss depends on beside weights and step: nothing."""
        return {}

    def recall(self, memory: Mapping[str, Tensor]) -> None:
        """Go on from what was remembered."""

    def _reached(self, logits: Tensor) -> Reached:
        labels = self._all.labels[self.target.name].to(logits.device)
        return reached(self._cells, logits, labels, self.positive)
