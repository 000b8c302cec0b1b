"""The objective that strategies on marks share: ordinary cases, annotated cases, a capped penalty, an honest score.

In every step, next to the ordinary mini-batch, stands one of annotated cases, however few there are. A strategy says
whether ordinary cases exchange content at marked places (`exchanges`), whether annotated cases have their marked
content replaced (`replaces`), and what else costs (`penalty`).

The validation score is taken with marked content exchanged between cases, because a validation split that carries the
shortcut would select the model that uses it.
"""

from dataclasses import replace

import torch
from torch import Tensor

from core.learning.marks import Inputs, MarkedExamples, exchange_everywhere, replace_marked, targets, tensors
from core.learning.strategies.base import StrategyContext, capped, supervised, typical_probability
from core.learning.strategies.entries import trained_fields
from core.models.network import TandemNetwork
from core.models.randomness import epoch_rows
from core.models.scope import opened_backbones
from core.models.supervised import Losses

ANNOTATED_BATCH = 128
"""Most annotated cases in a step; no more than ordinary ones where a large backbone trains."""
VALIDATION_DRAWS = 4


class MarkedObjective:
    """Classification of ordinary and annotated cases; strategies add to it.

    Inputs of frozen encoders are their vectors, which no mark can change: marks on such fields are left to
    `guided_pairs`.
    """

    exchanges = False
    """Whether ordinary cases exchange content at marked places: each of them does, at all places, because a case that
    keeps its own teaches the shortcut anew. Measured from a model fooled by a corner patch with 100 marks (and 10),
    right answers on validation cases: .88 (.85) when half of the cases exchange at one drawn mark, .89 (.90) when half
    do at all marks, .90 (.90) when all cases do."""
    replaces = False
    """Whether annotated cases have their marked content replaced by that of other cases."""

    most_share = 1.0
    """Largest share of annotated cases in the classification loss; below it they count like ordinary ones."""

    def __init__(self, context: StrategyContext) -> None:
        self.context = context
        self.plain = supervised(context)
        self.marked = _of_fields(context, trained_fields(context.network))
        self.ignore = self.marked.with_ignore()
        self.batch = context.spec.training.batch_size
        self.most = min(ANNOTATED_BATCH, self.batch) if opened_backbones(context.network) else ANNOTATED_BATCH

    @property
    def steps_per_epoch(self) -> int:
        """Mini-batches in one pass over the training cases."""
        return self.plain.steps_per_epoch

    def loss(self, network: TandemNetwork, step: int, generator: torch.Generator) -> Tensor:
        """Return classification loss on ordinary and annotated cases plus the capped penalty."""
        ordinary = self.ordinary(network, step, generator)
        marked = self.drawn(generator)
        annotated = self.annotated(network, marked, generator)
        share = min(self.most_share, len(marked) / (len(marked) + self.batch))
        loss = (1 - share) * ordinary.loss + share * annotated.loss
        penalty = self.penalty(network, marked, generator)
        return loss if penalty is None else loss + capped(penalty, self.limit(ordinary, annotated))

    def limit(self, ordinary: Losses, annotated: Losses) -> Tensor:
        """Return what the penalty must not exceed."""
        return ordinary.entropy + annotated.entropy

    def penalty(self, network: TandemNetwork, marked: MarkedExamples, generator: torch.Generator) -> Tensor | None:
        """Return what using marked places costs, a scalar with a graph, 0 or more; None for nothing."""
        return None

    def validation_score(self, network: TandemNetwork) -> float:
        """Return the typical probability of the right answer on validation cases that exchanged marked content.

        Range 0 to 1, higher is better.
        """
        context, generator = self.context, torch.Generator().manual_seed(self.context.seed)
        inputs = tensors(self.plain.validation, context.device)
        labels = targets(self.plain.validation, context.device)
        draws = VALIDATION_DRAWS if len(self.ignore) else 1
        answers = [network(self.exchanged(inputs, generator)) for _ in range(draws)]
        joined = {target: torch.cat([one[target] for one in answers]) for target in labels}
        return typical_probability(
            self.plain, joined, {target: label.repeat(draws) for target, label in labels.items()}
        )

    def drawn(self, generator: torch.Generator) -> MarkedExamples:
        """Return the annotated mini-batch of a step."""
        return self.marked.rows(torch.randperm(len(self.marked), generator=generator)[: self.most].tolist())

    def exchanged(self, inputs: Inputs, generator: torch.Generator) -> dict[str, Tensor]:
        """Return a batch in which marked content of trained fields tells nothing any more."""
        if not len(self.ignore):
            return dict(inputs)
        return {**inputs, **exchange_everywhere(self._guided(inputs), self.ignore, generator)}

    def ordinary(self, network: TandemNetwork, step: int, generator: torch.Generator) -> Losses:
        """Return the losses of the ordinary mini-batch."""
        context, train = self.context, self.plain.train
        rows = epoch_rows(len(train), self.batch, step, context.seed)
        batch = train.select(rows)
        inputs, labels = tensors(batch, context.device), targets(batch, context.device)
        used = self.exchanged(inputs, generator) if self.exchanges else inputs
        return self.plain.losses(network, used, labels, self.plain.trust(rows))

    def annotated(self, network: TandemNetwork, marked: MarkedExamples, generator: torch.Generator) -> Losses:
        """Return the losses of annotated cases."""
        inputs = tensors(marked.examples, self.context.device)
        if self.replaces:
            inputs = self.replaced(inputs, marked, generator)
        return self.plain.losses(network, inputs, targets(marked.examples, self.context.device))

    def replaced(self, inputs: Inputs, marked: MarkedExamples, generator: torch.Generator) -> dict[str, Tensor]:
        """Return annotated cases with the marked content of trained fields replaced by that of training cases."""
        train = self.plain.train
        donors = train.batch(torch.randint(len(train), (len(marked),), generator=generator), self.context.device)
        return {**inputs, **replace_marked(self._guided(inputs), marked, donors)}

    def _guided(self, inputs: Inputs) -> dict[str, Tensor]:
        return {field: inputs[field] for field in self.marked.ignore}


def _of_fields(context: StrategyContext, fields: tuple[str, ...]) -> MarkedExamples:
    """Return the marks on `fields` alone; inputs of frozen encoders are put as vectors."""
    marked = context.marked
    return replace(
        marked,
        examples=context.condense(marked.examples),
        ignore={field: marked.ignore[field] for field in fields},
        look={field: marked.look[field] for field in fields},
    )
