"""Swap: ledger cases exchange what stands at marked places."""

import torch

from core.learning.behaviour import Alteration
from core.learning.checks.base import GateContext
from core.learning.marks import Inputs, MarkedExamples, exchange
from core.learning.proof.base import affordable, thrifty

REPEATS = 2


class Swap:
    """Share of answers that change when cases exchange their content at a drawn marked place.

    Marked words are put into a random half of the texts and taken out of the others. 0 to 1, lower is better.
    """

    name = "swap"
    title = "Exchanged"

    def alteration(self, context: GateContext, marked: MarkedExamples) -> Alteration | None:
        """Return exchanges between ledger cases."""
        return swapping(context, (marked,))


def swapping(context: GateContext, artefacts: tuple[MarkedExamples, ...]) -> Alteration | None:
    """Return the exchange of what several artefacts mark, one after the other; None where nothing is marked."""
    present = [marked for marked in artefacts if len(marked)]
    if not present or len(context.ledger) < 2:
        return None

    def alter(inputs: Inputs, rows: torch.Tensor, generator: torch.Generator) -> Inputs:
        for marked in present:
            inputs = exchange(inputs, marked, generator)
        return inputs

    return Alteration(affordable(context, torch.arange(len(context.ledger))), alter, thrifty(context, REPEATS, 1))
