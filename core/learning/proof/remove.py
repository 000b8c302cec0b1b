"""Remove: marked content is taken out of the ledger cases that carry it."""

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from core.contracts import FieldKind
from core.learning.behaviour import Alteration
from core.learning.checks.base import GateContext
from core.learning.marks import Inputs, MarkedExamples, draw_rows
from core.learning.phrases import Phrase, holds, phrases_of, remove
from core.learning.proof.base import affordable
from core.models.examples import Examples

ENOUGH = 20
"""With as many marked ledger cases only these are asked: they are known to carry the artefact."""
RING = 28
"""The surroundings of a mark reach this part of the image's side (at least 2 pixels) beyond it."""


class Remove:
    """Share of answers that change when marked content is taken out. 0 to 1, lower is better.

    Pixels are filled with the mean of their surroundings, numbers with the ledger's median, categories with its most
    frequent one; words are left out of all texts that hold them. A marked ledger case loses what is marked in it;
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
    ledger: Examples, marked: MarkedExamples, places: Tensor, inputs: Inputs, rows: Tensor, _: torch.Generator
) -> Inputs:
    phrases = phrases_by_field(marked)
    return {
        field: _without_words(value, phrases.get(field, ()))
        if marked.kinds[field] == "text"
        else torch.where(mask := marked.ignore[field][places[rows]].to(value.device),
                         _fill(marked.kinds[field], value, mask, ledger.inputs[field]), value)
        for field, value in inputs.items()
    }  # fmt: skip


def _without_words(texts: Tensor, phrases: tuple[Phrase, ...]) -> Tensor:
    return torch.stack([remove(text, phrases) for text in texts]) if phrases else texts


def _fill(kind: FieldKind, values: Tensor, mask: Tensor, ledger: Tensor) -> Tensor:
    """Return what stands in the place of marked content, of the shape of `values` or broadcasting to it."""
    if kind == "image":
        return surroundings(values, mask)
    if kind == "numeric":
        return torch.nanmedian(ledger).to(values)
    known = ledger[ledger >= 0]
    return known.mode().values.to(values) if len(known) else torch.full_like(values, -1)


def surroundings(images: Tensor, mask: Tensor) -> Tensor:
    """Return the mean of each channel around the mark, [batch, C, 1, 1]; of the whole image where all is marked.

    `images` [batch, C, S, S] uint8, `mask` [batch, 1, S, S] bool.
    """
    reach = max(2, images.shape[-1] // RING)
    ring = (max_pool2d(mask.float(), 2 * reach + 1, stride=1, padding=reach) > 0) & ~mask
    ring = torch.where(ring.flatten(1).any(dim=1)[:, None, None, None], ring, torch.ones_like(ring)).float()
    means = (images.float() * ring).sum(dim=(2, 3)) / ring.sum(dim=(2, 3))
    return means.round().to(images.dtype)[:, :, None, None]
