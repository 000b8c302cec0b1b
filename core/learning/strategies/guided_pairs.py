"""Guided retraining where an encoder is frozen: counterexamples go through it once, then training is instant.

The answer must be right, and the same, when marked content is replaced (annotated cases) and when the marked
artefact is pasted onto other cases. The consistency term, the mean squared difference of logits over such
pairs, is the finite-difference form of the input-gradient penalty; it is kept at or below the classification loss.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from core.contracts import Progress
from core.learning.marks import MarkedExamples, draw_rows, exchange, paste, replace_marked, targets, tensors
from core.learning.strategies.base import StrategyContext, capped, supervised, typical_probability
from core.models.examples import Examples
from core.models.network import TandemNetwork
from core.models.randomness import seeded

REPLACED_PER_MARK = 3
PASTED_PER_MARK = 4
PAIR_BATCH = 128
EMBED_BATCH = 16
Condensed = dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Cases before and after an exchange of marked content, by field, and their labels by target."""

    before: Condensed
    after: Condensed
    labels: dict[str, Tensor]

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(next(iter(self.before.values())))


class PairsObjective:
    """Guided retraining on cached vectors of the frozen encoders."""

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
        ordinary = self._plain.mini_batch(network, step)
        if self._pairs is None:
            return ordinary.loss
        chosen = torch.randint(len(self._pairs), (min(PAIR_BATCH, len(self._pairs)),), generator=generator)
        chosen = chosen.to(self._context.device)
        before, after = (self._answers(network, side, chosen, step) for side in (self._pairs.before, self._pairs.after))
        labels = {target: values[chosen] for target, values in self._pairs.labels.items()}
        changed = self._plain.judged(network, after, labels)
        gap = torch.stack([(after[target] - before[target]).pow(2).mean() for target in after]).sum()
        return (ordinary.loss + changed.loss) / 2 + capped(gap, (ordinary.entropy + changed.entropy) / 2)

    def _answers(self, network: TandemNetwork, side: Condensed, chosen: Tensor, step: int) -> dict[str, Tensor]:
        """Return the answers to one side of pairs; what is hidden in training is hidden on both sides alike."""
        with seeded(self._context.device, self._context.seed, "pairs", step):
            answers: dict[str, Tensor] = network({field: value[chosen] for field, value in side.items()})
        return answers

    def validation_score(self, network: TandemNetwork) -> float:
        """Return the typical probability of the right answer on validation cases that exchanged marked content.

        Half of the score is with the content of other validation cases at a marked place, half with marked content
        pasted there; no half is on unchanged cases, for they may carry the shortcut. Range 0 to 1, higher is better.
        """
        if self._validation is None:
            return self._plain.validation_score(network)
        labels = self._validation_labels
        scores = [typical_probability(self._plain, network(part), labels) for part in self._validation]
        return sum(scores) / len(scores)


def _in_parts(
    context: StrategyContext, count: int, words: str, change: Callable[[Tensor], dict[str, Tensor]]
) -> Condensed:
    """Change cases and look through the frozen encoders, a few cases at a time."""
    parts = []
    for start in range(0, count, EMBED_BATCH):
        context.reporter.report(Progress("counterexamples", start, count, words))
        parts.append(context.network.condense(change(torch.arange(start, min(start + EMBED_BATCH, count)))))
    return {field: torch.cat([part[field] for part in parts]) for field in parts[0]}


def _unchanged(context: StrategyContext, examples: Examples) -> Condensed:
    return tensors(context.condense(examples), context.device)


def _pasted(
    context: StrategyContext, examples: Examples, marked: MarkedExamples, generator: torch.Generator
) -> Condensed:
    """Paste randomly drawn marked content into each example."""
    rows = draw_rows(marked, len(examples), generator)

    def change(here: Tensor) -> dict[str, Tensor]:
        return paste(examples.batch(here, context.device), marked, rows[here], generator, toggle=True).inputs

    return _in_parts(context, len(examples), "pasting marked content", change)


def _validation(
    context: StrategyContext, marked: MarkedExamples, generator: torch.Generator
) -> tuple[Condensed, Condensed]:
    """Return validation cases with marked content exchanged among them, and with marked content pasted."""
    examples = context.validation
    exchanged = exchange(tensors(examples, context.device), marked, generator)

    def change(here: Tensor) -> dict[str, Tensor]:
        return {field: value[here.to(value.device)] for field, value in exchanged.items()}

    mixed = _in_parts(context, len(examples), "exchanging marked content", change)
    return mixed, _pasted(context, examples, marked, generator)


def _replaced(context: StrategyContext, marked: MarkedExamples, generator: torch.Generator) -> Pairs:
    """Replace the marked content of annotated cases by that of other training cases."""
    donors = torch.randint(len(context.train), (REPLACED_PER_MARK, len(marked)), generator=generator)

    def change(here: Tensor) -> dict[str, Tensor]:
        some = marked.rows((here % len(marked)).tolist())
        content = context.train.batch(donors.flatten()[here], context.device)
        return replace_marked(tensors(some.examples, context.device), some, content)

    after = _in_parts(context, donors.numel(), "replacing marked content", change)
    before = _unchanged(context, marked.examples)
    labels = targets(marked.examples, context.device)
    repeated = {field: torch.cat([value] * REPLACED_PER_MARK) for field, value in before.items()}
    return Pairs(repeated, after, {target: torch.cat([y] * REPLACED_PER_MARK) for target, y in labels.items()})


def _training_pairs(context: StrategyContext, marked: MarkedExamples, generator: torch.Generator) -> Pairs:
    replaced = _replaced(context, marked, generator)
    wanted = min(len(context.train), PASTED_PER_MARK * len(marked))
    sample = context.train.select(torch.randperm(len(context.train), generator=generator)[:wanted])
    pasted = Pairs(
        _unchanged(context, sample), _pasted(context, sample, marked, generator), targets(sample, context.device)
    )
    return Pairs(*(_joined(getattr(replaced, part), getattr(pasted, part)) for part in ("before", "after", "labels")))


def _joined(first: Condensed, second: Condensed) -> Condensed:
    return {name: torch.cat([value, second[name]]) for name, value in first.items()}
