"""What strategies on groups share: cases by class and by what they carry, small groups filled with copies.

A group is a class of one target together with what its cases carry of one artefact in one field. Where marks reveal
that hardly any case of a class carries some content, copies of cases of that class are made that do.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from core.learning.carriers import Carried, carried
from core.learning.marks import MarkedExamples, exchange
from core.learning.strategies.base import StrategyContext, supervised, typical_probability
from core.learning.strategies.fitting import marked_anywhere
from core.models.examples import NO_LABEL, Examples, concatenate
from core.models.network import TandemNetwork
from core.models.supervised import all_logits

GROUP = 64
"""Cases that each group is filled up to."""
FROZEN_COPIES = 384
"""Most copies where each costs a look through a frozen backbone."""
SMALLEST_GROUP = 4
DRAWS = 4
FROZEN_DRAWS = 2
"""Exchanges of validation cases, and those through a frozen backbone."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """The groups of one target, artefact and field: rows of the pool."""

    target: str
    members: tuple[Tensor, ...]
    """Rows of each group, int64."""

    def draw(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw rows such that each group comes equally often; return rows [count] and their groups [count]."""
        groups = torch.randint(len(self.members), (count,), generator=generator)
        sizes = torch.tensor([len(rows) for rows in self.members])
        starts = sizes.cumsum(0) - sizes
        place = (torch.rand(count, generator=generator) * sizes[groups]).long()
        return torch.cat(self.members)[starts[groups] + place], groups


class GroupedObjective:
    """Loss on group-balanced mini-batches; strategies say what a mini-batch costs."""

    def __init__(self, context: StrategyContext) -> None:
        self.context = context
        self.plain = supervised(context)
        generator = torch.Generator().manual_seed(context.seed)
        self.pool, self.groupings = grouped_pool(context, self.plain.train, generator)
        self.validations = _swapped(context, generator)
        self.batch = context.spec.training.batch_size

    @property
    def steps_per_epoch(self) -> int:
        """Mini-batches in one pass over the training cases."""
        return self.plain.steps_per_epoch

    def loss(self, network: TandemNetwork, step: int, generator: torch.Generator) -> Tensor:
        """Return the loss on a group-balanced mini-batch; on an ordinary one where no groups can be told apart."""
        if not self.groupings:
            return self.plain.loss(network, step, generator)
        grouping = self.groupings[step % len(self.groupings)]
        rows, groups = grouping.draw(self.batch, generator)
        return self.group_loss(network, grouping, rows, groups)

    def group_loss(self, network: TandemNetwork, grouping: Grouping, rows: Tensor, groups: Tensor) -> Tensor:
        """Return what answers to these rows of the pool cost, a scalar with a graph; `groups` says which is whose."""
        raise NotImplementedError

    def validation_score(self, network: TandemNetwork) -> float:
        """Return the typical probability of the right answer on validation cases that exchanged marked content.

        Range 0 to 1, higher is better.
        """
        device = self.context.device
        scores = []
        for part in self.validations:
            labels = {target: label.to(device) for target, label in part.labels.items()}
            scores.append(typical_probability(self.plain, all_logits(network, part, device), labels))
        return sum(scores) / len(scores)


def grouped_pool(
    context: StrategyContext, train: Examples, generator: torch.Generator
) -> tuple[Examples, tuple[Grouping, ...]]:
    """Return training cases with copies behind them, as the network takes them, and their groupings.

    `train` are the training cases with vectors of frozen encoders.
    """
    found = [carried(context.train.inputs[field], context.marked, field, rows) for field, rows in _marks(context)]
    parts, groupings, size = [train], [], len(train)
    wanted = _wanted(context, found)
    for one in found:
        for target in context.spec.targets:
            members, copies = _filled_groups(context, one, target.name, wanted, size, generator)
            parts += copies
            size += sum(len(part) for part in copies)
            if len(members) > 1:
                groupings.append(Grouping(target.name, members))
    return concatenate([train, *(context.condense(part) for part in parts[1:])]), tuple(groupings)


def _marks(context: StrategyContext) -> Iterator[tuple[str, list[int]]]:
    """Return field and marked rows of each artefact that is marked there."""
    marked = context.marked
    for field in marked.ignore:
        if not marked_anywhere(context, field):
            continue
        has = marked.ignore[field].flatten(1).any(dim=1) & (marked.weights > 0)
        for artefact in dict.fromkeys(marked.artefacts):
            rows = [row for row, name in enumerate(marked.artefacts) if name == artefact and bool(has[row])]
            if rows:
                yield field, rows


def _wanted(context: StrategyContext, found: list[Carried]) -> int:
    """Return how many cases each group is filled up to."""
    if not context.network.frozen_fields:
        return GROUP
    groups = sum(len(one.contents()) * len(t.classes) for one in found for t in context.spec.targets)
    return max(SMALLEST_GROUP, min(GROUP, FROZEN_COPIES // max(1, groups)))


def _filled_groups(
    context: StrategyContext, one: Carried, target: str, wanted: int, size: int, generator: torch.Generator
) -> tuple[tuple[Tensor, ...], list[Examples]]:
    """Return the groups of one target, and the copies that fill them; these get the pool's rows from `size` on."""
    labels = context.train.labels[target]
    members, copies = [], []
    for label in sorted(set(labels.tolist()) - {NO_LABEL}):
        own = torch.nonzero(labels == label).flatten()
        for code in one.contents():
            natural = own[one.codes[own] == code]
            missing = max(0, wanted - len(natural))
            if missing:
                base = own[torch.randint(len(own), (missing,), generator=generator)]
                copies.append(_copied(context.train, one, base, code, generator))
            members.append(torch.cat([natural, torch.arange(size, size + missing)]))
            size += missing
    return tuple(members), copies


def _copied(train: Examples, one: Carried, cases: Tensor, code: int, generator: torch.Generator) -> Examples:
    chosen = train.select(cases)
    return replace(chosen, inputs={**chosen.inputs, one.field: one.copies(cases, code, generator)})


def _swapped(context: StrategyContext, generator: torch.Generator) -> list[Examples]:
    """Return validation cases with marked content exchanged between them, as the network takes them."""
    marked: MarkedExamples = context.marked.with_ignore()
    count = FROZEN_DRAWS if context.network.frozen_fields else DRAWS
    parts = [
        replace(context.validation, inputs=exchange(context.validation.inputs, marked, generator)) for _ in range(count)
    ]
    return [context.condense(part) for part in parts]
