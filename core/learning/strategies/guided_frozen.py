"""Guided retraining of heads on a frozen backbone: counterexamples are embedded once, then training is instant.

The answer must be right, and the same, when marked content is replaced (annotated cases) and when the marked
artefact is pasted onto other cases. The consistency term, the mean squared difference of logits over such
pairs, is the finite-difference form of the input-gradient penalty; it is kept at or below the classification loss.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from core.contracts import Progress
from core.learning.marks import MarkedExamples, blend, donors_of, draw_masks, paste, targets, tensors
from core.learning.strategies.base import StrategyContext, capped, supervised, typical_probability
from core.models.examples import Examples
from core.models.network import TandemNetwork

REPLACED_PER_MARK = 3
PASTED_PER_MARK = 4
PAIR_BATCH = 128
EMBED_BATCH = 16


@dataclass(frozen=True, slots=True)
class Pairs:
    """Embeddings [n, D] of cases before and after an exchange of marked content, with the cases' labels."""

    before: Tensor
    after: Tensor
    labels: dict[str, Tensor]

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.before)


class FrozenGuidedObjective:
    """Guided retraining on cached embeddings."""

    def __init__(self, context: StrategyContext) -> None:
        self._context = context
        self._plain = supervised(context)
        self._validation_labels = targets(context.validation, context.device)
        marked = context.marked.with_ignore()
        generator = torch.Generator().manual_seed(context.seed)
        self._pairs = _training_pairs(context, marked, generator) if len(marked) else None
        self._validation = _validation(context, marked, generator) if len(marked) else None

    @property
    def steps_per_epoch(self) -> int:
        """Mini-batches in one pass over the training cases."""
        return self._plain.steps_per_epoch

    def loss(self, network: TandemNetwork, step: int, generator: torch.Generator) -> Tensor:
        """Return classification loss on cases and counterexamples plus the capped consistency term."""
        ordinary = self._plain.loss(network, step, generator)
        if self._pairs is None:
            return ordinary
        chosen = torch.randint(len(self._pairs), (min(PAIR_BATCH, len(self._pairs)),), generator=generator)
        chosen = chosen.to(self._context.device)
        before = network.decide(self._pairs.before[chosen])
        after = network.decide(self._pairs.after[chosen])
        labels = {target: values[chosen] for target, values in self._pairs.labels.items()}
        classification = (ordinary + self._plain.cross_entropy(after, labels)) / 2
        gap = torch.stack([(after[target] - before[target]).pow(2).mean() for target in after]).sum()
        return classification + capped(gap, classification)

    def validation_score(self, network: TandemNetwork) -> float:
        """Return the typical probability of the right answer on validation cases that exchanged marked content.

        Half of the score is with the content of other validation cases at a marked place, half with marked content
        pasted there; no half is on unchanged cases, for they may carry the shortcut. Range 0 to 1, higher is better.
        """
        if self._validation is None:
            return self._plain.validation_score(network)
        labels = self._validation_labels
        scores = [typical_probability(self._plain, network.decide(part), labels) for part in self._validation]
        return sum(scores) / len(scores)


@torch.no_grad()
def _embed(context: StrategyContext, inputs: dict[str, Tensor]) -> Tensor:
    count = len(next(iter(inputs.values())))
    parts = [
        context.network.embed({field: value[i : i + EMBED_BATCH] for field, value in inputs.items()})
        for i in range(0, count, EMBED_BATCH)
    ]
    return torch.cat(parts)


def _pasted(context: StrategyContext, examples: Examples, marked: MarkedExamples, generator: torch.Generator) -> Pairs:
    """Paste randomly drawn marked content into each example, at the place where it was marked."""
    rows = torch.randint(len(marked), (len(examples),), generator=generator)
    before, after = [], []
    for start in range(0, len(examples), EMBED_BATCH):
        here = torch.arange(start, min(start + EMBED_BATCH, len(examples)))
        context.reporter.report(Progress("counterexamples", start, len(examples), "pasting marked content"))
        inputs = examples.batch(here, context.device)
        after.append(_embed(context, paste(inputs, marked, rows[here], context.device)))
        before.append(_embed(context, inputs))
    return Pairs(torch.cat(before), torch.cat(after), targets(examples, context.device))


def _validation(context: StrategyContext, marked: MarkedExamples, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return embeddings of validation cases with marked places exchanged among them, and with marked content pasted."""
    examples = context.validation
    _, masks = draw_masks(marked, len(examples), generator)
    donor = donors_of(len(examples), generator)
    exchanged = []
    for start in range(0, len(examples), EMBED_BATCH):
        here = torch.arange(start, min(start + EMBED_BATCH, len(examples)))
        context.reporter.report(Progress("counterexamples", start, len(examples), "exchanging marked content"))
        content = examples.batch(donor[here], context.device)
        places = {field: mask[here] for field, mask in masks.items()}
        exchanged.append(_embed(context, blend(examples.batch(here, context.device), content, places)))
    return torch.cat(exchanged), _pasted(context, examples, marked, generator).after


def _replaced(context: StrategyContext, marked: MarkedExamples, generator: torch.Generator) -> Pairs:
    """Replace the marked content of annotated cases by that of other training cases."""
    inputs = tensors(marked.examples, context.device)
    before, after, labels = _embed(context, inputs), [], targets(marked.examples, context.device)
    for draw in range(REPLACED_PER_MARK):
        context.reporter.report(Progress("counterexamples", draw, REPLACED_PER_MARK, "replacing marked content"))
        donors = torch.randint(len(context.train), (len(marked),), generator=generator)
        content = context.train.batch(donors, context.device)
        after.append(_embed(context, blend(inputs, content, marked.ignore)))
    repeated = {target: values.repeat(REPLACED_PER_MARK) for target, values in labels.items()}
    return Pairs(before.repeat(REPLACED_PER_MARK, 1), torch.cat(after), repeated)


def _training_pairs(context: StrategyContext, marked: MarkedExamples, generator: torch.Generator) -> Pairs:
    replaced = _replaced(context, marked, generator)
    wanted = min(len(context.train), PASTED_PER_MARK * len(marked))
    sample = context.train.select(torch.randperm(len(context.train), generator=generator)[:wanted])
    pasted = _pasted(context, sample, marked, generator)
    labels = {target: torch.cat([values, pasted.labels[target]]) for target, values in replaced.labels.items()}
    return Pairs(torch.cat([replaced.before, pasted.before]), torch.cat([replaced.after, pasted.after]), labels)
