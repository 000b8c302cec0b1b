"""Guided retraining: the model is told where not to look, by gradient and by example.

In every step, next to the ordinary mini-batch:

- *input-gradient penalty* (Right for the Right Reasons): mean over annotated cases of the squared gradient of
  the summed log-probabilities with respect to the marked input, kept at or below the classification loss;
- *counterexamples* (CAIPI): annotated cases whose marked content is replaced by that of other cases, and
  ordinary cases that exchange content at marked places.

The validation score is taken with marked content exchanged between cases, because a validation split that
carries the shortcut would select the model that uses it.

Source: Ross, Hughes and Doshi-Velez, Right for the Right Reasons, 2017; Teso and Kersting, Explanatory
Interactive Machine Learning, 2019.
"""

import torch
from torch import Tensor

from core.learning.marks import MarkedExamples, entry_mask, exchange, replace_marked, targets, tensors
from core.learning.strategies.base import StrategyContext, capped, supervised, typical_probability
from core.learning.strategies.guided_pairs import PairsObjective
from core.learning.strategies.labels import LabelsStrategy
from core.models.network import TandemNetwork
from core.models.randomness import epoch_rows
from core.models.supervised import Losses
from core.models.training import Objective

ANNOTATED_BATCH = 128
SWAPPED_SHARE = 0.5
"""Share of ordinary cases that exchange content at a marked place of an image or a text."""
TABLE = ("numeric", "categorical")
"""Kinds whose marked field every ordinary case exchanges: it stands at the same place in all of them, so each case that
kept its own would teach it anew. Measured on a leaked field with 25 marks, classes weighted: .33 of the answers change
with it when half of the cases exchange, .004 when all do (champion .50)."""
VALIDATION_DRAWS = 4
LOOK_WEIGHT = 0.1
"""Weight of the gradient outside a *look here* mark, relative to that inside an *ignore* mark."""


class GuidedStrategy:
    """Gradient penalty plus counterexamples; falls back to labels where nobody marked anything."""

    name = "guided"
    title = "Guided by marks"
    words = (
        "Retrains on the corrected labels and teaches the model not to use what was marked: its answer must not "
        "change when marked content is replaced."
    )
    uses_regions = True

    def objective(self, context: StrategyContext) -> Objective:
        """Return the guided objective that fits the network."""
        if not len(context.marked):
            return LabelsStrategy().objective(context)
        return PairsObjective(context) if context.network.frozen_fields else GuidedObjective(context)


class GuidedObjective:
    """Guided retraining of a network whose encoders learn too."""

    def __init__(self, context: StrategyContext) -> None:
        self._context = context
        self._ignore = context.marked.with_ignore()
        self._plain = supervised(context)
        self._batch = context.spec.training.batch_size

    @property
    def steps_per_epoch(self) -> int:
        """Mini-batches in one pass over the training cases."""
        return self._plain.steps_per_epoch

    def loss(self, network: TandemNetwork, step: int, generator: torch.Generator) -> Tensor:
        """Return classification loss on mixed batches plus the capped gradient penalty."""
        classification, marked, limit = self._classification(network, step, generator)
        return classification + capped(self._penalty(network, marked), limit)

    def _classification(
        self, network: TandemNetwork, step: int, generator: torch.Generator
    ) -> tuple[Tensor, MarkedExamples, Tensor]:
        """Return the classification loss, the annotated mini-batch, and the limit of the penalty."""
        ordinary = self._ordinary(network, step, generator)
        rows = torch.randperm(len(self._context.marked), generator=generator)[:ANNOTATED_BATCH]
        marked = self._context.marked.rows(rows.tolist())
        annotated = self._annotated(network, marked, generator)
        weight = len(marked) / (len(marked) + self._batch)
        loss = (1 - weight) * ordinary.loss + weight * annotated.loss
        return loss, marked, ordinary.entropy + annotated.entropy

    def validation_score(self, network: TandemNetwork) -> float:
        """Return the typical probability of the right answer on validation cases that exchanged marked content.

        Range 0 to 1, higher is better.
        """
        context, generator = self._context, torch.Generator().manual_seed(self._context.seed)
        inputs = tensors(context.validation, context.device)
        labels = targets(context.validation, context.device)
        scores = []
        for _ in range(VALIDATION_DRAWS if len(self._ignore) else 1):
            mixed = self._exchange(inputs, generator)
            scores.append(typical_probability(self._plain, network(mixed), labels))
        return sum(scores) / len(scores)

    def _exchange(self, inputs: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        if not len(self._ignore):
            return inputs
        return exchange(inputs, self._ignore, generator)

    def _ordinary(self, network: TandemNetwork, step: int, generator: torch.Generator) -> Losses:
        context = self._context
        batch = context.train.select(epoch_rows(len(context.train), self._batch, step, context.seed))
        inputs, labels = tensors(batch, context.device), targets(batch, context.device)
        mixed = self._exchange(inputs, generator)
        chosen = (torch.rand(len(batch), generator=generator) < SWAPPED_SHARE).to(context.device)
        used = {
            field.name: mixed[field.name]
            if field.kind in TABLE
            else torch.where(_like(chosen, mixed[field.name]), mixed[field.name], inputs[field.name])
            for field in context.spec.fields
        }
        return self._plain.losses(network, used, labels)

    def _annotated(self, network: TandemNetwork, marked: MarkedExamples, generator: torch.Generator) -> Losses:
        context = self._context
        donors = torch.randint(len(context.train), (len(marked),), generator=generator)
        own, content = tensors(marked.examples, context.device), context.train.batch(donors, context.device)
        replaced = replace_marked(own, marked, content)
        return self._plain.losses(network, replaced, targets(marked.examples, context.device))

    def _penalty(self, network: TandemNetwork, marked: MarkedExamples) -> Tensor:
        entries = network.enter(tensors(marked.examples, self._context.device))
        points = {field: entry.values for field, entry in entries.items()}
        for value in points.values():
            if not value.requires_grad:
                value.requires_grad_()
        answers = network.answer_entries(entries)
        score = torch.stack([torch.log_softmax(logits, dim=1).sum() for logits in answers.values()]).sum()
        gradients = torch.autograd.grad(score, list(points.values()), create_graph=True)
        total = torch.zeros((), device=self._context.device)
        for field, gradient in zip(points, gradients, strict=True):
            scaled = gradient * network.encoder(field).spread()
            total = total + (scaled.pow(2) * _wrong_places(field, marked, gradient)).sum() / len(marked)
        return total


def _like(chosen: Tensor, value: Tensor) -> Tensor:
    """Shape a [B] selection so that it broadcasts over a field's batch."""
    return chosen.view(-1, *([1] * (value.dim() - 1)))


def _wrong_places(field: str, marked: MarkedExamples, gradient: Tensor) -> Tensor:
    """Return weights of the places where gradient is not wanted: inside *ignore*, outside *look here*."""
    wrong = torch.zeros_like(gradient)
    if field in marked.ignore:
        wrong = wrong + entry_mask(marked.ignore[field], gradient)
    if field in marked.look:
        look = marked.look[field].to(gradient.device)
        has_look = _like(look.flatten(1).any(dim=1), look)
        wrong = wrong + LOOK_WEIGHT * entry_mask(has_look & ~look, gradient)
    return wrong
