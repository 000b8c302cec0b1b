"""Counterexamples only: what was marked is replaced, and pasted onto cases with other labels; no gradient penalty.

Source: Teso and Kersting, Explanatory Interactive Machine Learning, AIES 2019.
"""

import torch
from torch import Tensor

from core.learning.fills import filled
from core.learning.marks import Inputs, MarkedExamples, paste, targets, tensors
from core.learning.strategies.base import Family, StrategyContext
from core.learning.strategies.guided_pairs import PairsObjective
from core.learning.strategies.marked_objective import MarkedObjective
from core.learning.strategies.on_marks import MarkStrategy
from core.models.examples import NO_LABEL, Examples
from core.models.network import TandemNetwork
from core.models.supervised import Losses
from core.models.training import Objective

TRIES = 8
"""Cases drawn for each mark, in search of one with another label."""


class CounterexamplesStrategy(MarkStrategy):
    """CAIPI: teaches by example alone; cheaper than the gradient penalty and needs more marks."""

    name = "counterexamples"
    title = "Counterexamples"
    words = (
        "Retrains on the corrected labels and on changed copies: marked content is replaced by other content, and "
        "pasted onto cases with other labels."
    )
    family: Family = "examples"
    cost = 2.0

    def build(self, context: StrategyContext) -> Objective:
        """Return its objective."""
        if context.network.frozen_fields:
            return PairsObjective(context, consistent=False)
        return CounterexamplesObjective(context)


class CounterexamplesObjective(MarkedObjective):
    """Marked content replaced by a fill of each copy's own drawing, exchanged, and pasted onto other labels."""

    exchanges = True
    replaces = True

    def annotated(self, network: TandemNetwork, marked: MarkedExamples, generator: torch.Generator) -> Losses:
        """Return the losses of marked cases without their marked content and of cases of other labels with it."""
        device, train = self.context.device, self.plain.train
        replaced = self.replaced(tensors(marked.examples, device), marked, generator)
        others = train.select(with_other_labels(train, marked.examples, generator))
        inputs = tensors(others, device)
        pasted = {
            **inputs,
            **paste(self._guided(inputs), marked, torch.arange(len(marked)), generator).inputs,
        }
        own, other = targets(marked.examples, device), targets(others, device)
        both = {field: torch.cat([replaced[field], pasted[field]]) for field in inputs}
        trust = torch.cat([torch.ones(len(marked)), marked.weights]).to(device)
        labels = {target: torch.cat([own[target], other[target]]) for target in own}
        return self.plain.losses(network, both, labels, dict.fromkeys(labels, trust))

    def replaced(self, inputs: Inputs, marked: MarkedExamples, generator: torch.Generator) -> dict[str, Tensor]:
        """Return annotated cases whose marked content of trained fields is replaced, by various fills."""
        train = self.plain.train
        donors = train.batch(torch.randint(len(train), (len(marked),), generator=generator), self.context.device)
        return {**inputs, **filled(self._guided(inputs), marked, donors, generator)}


def with_other_labels(train: Examples, examples: Examples, generator: torch.Generator) -> Tensor:
    """Return, for each of `examples`, the row of a training case whose labels differ [examples].

    Any case where none of eight that are drawn differs in a target.
    """
    drawn = torch.randint(len(train), (TRIES, len(examples)), generator=generator)
    differs = torch.zeros(drawn.shape, dtype=torch.bool)
    for target, labels in train.labels.items():
        there = labels[drawn]
        differs |= (there != NO_LABEL) & (there != examples.labels[target])
    first = differs.int().argmax(dim=0)
    return drawn[first, torch.arange(len(examples))]
