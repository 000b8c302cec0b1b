"""Insert: the artefact's content is pasted into ledger cases."""

import torch

from core.learning.behaviour import Alteration, pasting
from core.learning.checks.base import GateContext
from core.learning.marks import MarkedExamples
from core.learning.proof.base import thrifty

REPEATS, REPEATS_LARGE = 5, 2
"""Pastes per ledger case; fewer where each costs a pass through a large network."""


class Insert:
    """Share of answers that change when the content of a drawn mark is pasted in where it was marked.

    Marked words are put in anywhere; a text that has them is compared without them. 0 to 1, lower is better.
    """

    name = "insert"
    title = "Put in"

    def alteration(self, context: GateContext, marked: MarkedExamples) -> Alteration | None:
        """Return pastes into every ledger case."""
        if not len(marked):
            return None
        repeats = thrifty(context, REPEATS, REPEATS_LARGE)
        return Alteration(torch.arange(len(context.ledger)), pasting(marked), repeats)
