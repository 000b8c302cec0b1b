"""Remove: marked content is taken out of the ledger cases that carry it."""

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor

from core.contracts import FieldKind
from core.learning.behaviour import Alteration
from core.learning.checks.base import GateContext
from core.learning.fills import Fill, commonest, inpaint, mean
from core.learning.marks import Inputs, MarkedExamples, draw_rows
from core.learning.phrases import Phrase, holds, phrases_of, remove
from core.learning.proof.base import affordable
from core.models.examples import Examples

ENOUGH = 20
"""With as many marked ledger cases only these are asked: they are known to carry the artefact."""
FILLS: Mapping[FieldKind, Fill] = {"image": inpaint, "numeric": mean, "categorical": commonest}
"""Kind -> what stands in the place of marked content; words are left out."""


class Remove:
    """Share of answers that change when marked content is taken out. 0 to 1, lower is better.

    Pixels are filled from their surroundings, numbers with the ledger's mean, categories with its most frequent one;
    words are left out of all texts that hold them. A marked ledger case loses what is marked in it;
    while fewer than twenty are marked, the others lose what stands at the place of a drawn mark.
    """

    name = "remove"
    title = "Taken out"

    def alteration(self, context: GateContext, marked: MarkedExamples) -> Alteration | None:
        """Return the removal from the cases that carry the artefact."""
        cases = carriers(context.ledger, marked)
        if not len(cases):
            return None
        places = _places(context.ledger, marked, context.seed)
        return Alteration(affordable(context, cases), partial(_removed, context.ledger, marked, places))


def carriers(ledger: Examples, marked: MarkedExamples) -> Tensor:
    """Return the rows of ledger cases that something can be taken out of, ascending."""
    chosen = torch.zeros(len(ledger), dtype=torch.bool)
    if any(mask.any() for field, mask in marked.ignore.items() if marked.kinds[field] != "text"):
        own = torch.tensor([case in set(marked.examples.case_ids) for case in ledger.case_ids], dtype=torch.bool)
        chosen |= own if int(own.sum()) >= ENOUGH else torch.ones_like(own)
    return torch.nonzero(chosen | holding(ledger, marked)).flatten()


def holding(ledger: Examples, marked: MarkedExamples) -> Tensor:
    """Return which ledger cases hold marked words, bool [n]."""
    found = torch.zeros(len(ledger), dtype=torch.bool)
    for field, phrases in phrases_by_field(marked).items():
        texts = ledger.inputs[field].cpu()
        found |= torch.tensor([any(holds(text, (phrase,)) for phrase in phrases) for text in texts])
    return found


def phrases_by_field(marked: MarkedExamples) -> Mapping[str, tuple[Phrase, ...]]:
    """Return the marked phrases of each text field that has any, longest first."""
    found: dict[str, tuple[Phrase, ...]] = {}
    for field, mask in marked.ignore.items():
        if marked.kinds[field] == "text" and bool(mask.any()):
            texts = zip(marked.examples.inputs[field], mask, strict=True)
            phrases = {phrase for text, own in texts for phrase in phrases_of(text, own)}
            found[field] = tuple(sorted(phrases, key=lambda phrase: (-len(phrase), phrase)))
    return found


def _places(ledger: Examples, marked: MarkedExamples, seed: int) -> Tensor:
    """Return which marked row's places each ledger case loses: its own, else a drawn one; int64 [n]."""
    rows = draw_rows(marked, len(ledger), torch.Generator().manual_seed(seed))
    own = {case: row for row, case in enumerate(marked.examples.case_ids)}
    return torch.tensor([own.get(case, drawn) for case, drawn in zip(ledger.case_ids, rows.tolist(), strict=True)])


def _removed(
    ledger: Examples, marked: MarkedExamples, places: Tensor, inputs: Inputs, rows: Tensor, generator: torch.Generator
) -> Inputs:
    phrases = phrases_by_field(marked)
    emptied: dict[str, Tensor] = {}
    for field, value in inputs.items():
        kind, column = marked.kinds[field], ledger.inputs[field]
        if kind == "text":
            emptied[field] = _without_words(value, phrases.get(field, ()))
        else:
            donors = column[rows.roll(1)] if kind == "image" else column
            emptied[field] = FILLS[kind](value, donors, marked.ignore[field][places[rows]], generator)
    return emptied


def _without_words(texts: Tensor, phrases: tuple[Phrase, ...]) -> Tensor:
    return torch.stack([remove(text, phrases) for text in texts]) if phrases else texts
