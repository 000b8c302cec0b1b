"""What a measure of behaviour gives, and how it is taken once for all models and targets."""

from typing import Protocol, TypeVar

import torch
from torch import Tensor

from core.learning.behaviour import Alteration, Altered, answers_to_altered
from core.learning.checks.base import GateContext
from core.learning.marks import MarkedExamples

Choice = TypeVar("Choice")
LARGE = 3_000_000
"""Weights from which one pass through a network is dear."""
CASES_LARGE = 150
"""Ledger cases altered where each costs a pass through a large network."""


class BehaviourMeasure(Protocol):
    """One way to alter what was marked and to see whether answers change."""

    name: str
    title: str

    def alteration(self, context: GateContext, marked: MarkedExamples) -> Alteration | None:
        """Return which ledger cases are altered and how; None where it can't be done."""


def large(context: GateContext) -> bool:
    """Tell whether a model of the comparison is large, so that fewer cases and repeats must do."""
    return any(sum(weight.numel() for weight in model.network.parameters()) > LARGE for model in context.models)


def thrifty(context: GateContext, small: Choice, dear: Choice) -> Choice:
    """Return `dear` where a model of the comparison is large, else `small`."""
    return dear if context.once(("large",), lambda: large(context)) else small


def affordable(context: GateContext, cases: Tensor) -> Tensor:
    """Return `cases`, or as many of them, drawn at random, as a large network can be asked for."""
    most = thrifty(context, len(cases), CASES_LARGE)
    generator = torch.Generator().manual_seed(context.seed)
    return cases[torch.randperm(len(cases), generator=generator)[:most]].sort().values


def behaviour(context: GateContext, artefact: str, measure: BehaviourMeasure) -> Altered | None:
    """Return what all models answer once `measure` altered an artefact's content; taken once for a context."""
    return context.once((measure.name, artefact), lambda: _taken(context, artefact, measure))


def _taken(context: GateContext, artefact: str, measure: BehaviourMeasure) -> Altered | None:
    alteration = measure.alteration(context, context.marked.of_artefact(artefact))
    return None if alteration is None or not len(alteration.cases) else answers(context, alteration)


def answers(context: GateContext, alteration: Alteration) -> Altered:
    """Return what all models of the comparison answer to altered ledger cases."""
    return answers_to_altered(
        context.models, context.ledger, context.plain, alteration,
        device=context.device, seed=context.seed, reporter=context.reporter,
    )  # fmt: skip
