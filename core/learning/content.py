"""How marked content is replaced, pasted and exchanged, for each kind of field."""

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor

from core.contracts import FieldKind
from core.learning.phrases import holds, insert, phrases_of, remove, without


class Content(Protocol):
    """Moves marked content of one kind of field. All tensors are prepared inputs [batch, ...] and marks on them."""

    def replace(self, own: Tensor, donor: Tensor, mask: Tensor) -> Tensor:
        """Return `own` without its marked content; `donor` are other cases."""

    def clear(self, own: Tensor, donor: Tensor, mask: Tensor) -> Tensor:
        """Return `own` without what stands at the mask, and only there; `donor` are other cases."""

    def paste(
        self, own: Tensor, donor: Tensor, mask: Tensor, generator: torch.Generator, toggle: bool
    ) -> tuple[Tensor, Tensor]:
        """Return `own` with the donors' marked content, and where it is now."""

    def exchange(self, own: Tensor, other: Tensor, donor: Tensor, mask: Tensor, generator: torch.Generator) -> Tensor:
        """Return `own` with what is at the mark made independent of the case; `other` are other cases of the batch."""


class InPlace:
    """Content that has a place: pixels, numbers, categories."""

    def replace(self, own: Tensor, donor: Tensor, mask: Tensor) -> Tensor:
        """Put the donors' content at the mark."""
        return torch.where(mask, donor.to(own.device), own)

    def clear(self, own: Tensor, donor: Tensor, mask: Tensor) -> Tensor:
        """Put the donors' content at the mark."""
        return self.replace(own, donor, mask)

    def paste(
        self, own: Tensor, donor: Tensor, mask: Tensor, generator: torch.Generator, toggle: bool
    ) -> tuple[Tensor, Tensor]:
        """Put the donors' content at the mark."""
        return torch.where(mask, donor, own), mask

    def exchange(self, own: Tensor, other: Tensor, donor: Tensor, mask: Tensor, generator: torch.Generator) -> Tensor:
        """Put another case's content at the mark."""
        return torch.where(mask, other, own)


class Phrases:
    """Marked words: they may stand anywhere in a text, so they are put in and taken out."""

    def replace(self, own: Tensor, donor: Tensor, mask: Tensor) -> Tensor:
        """Leave the marked words out, wherever they stand in the text."""
        rows = [remove(text, phrases_of(text, marked)) for text, marked in zip(own, mask, strict=True)]
        return torch.stack(rows)

    def clear(self, own: Tensor, donor: Tensor, mask: Tensor) -> Tensor:
        """Leave the words at the mark out; the same words elsewhere stay."""
        return torch.stack([without(text, marked) for text, marked in zip(own, mask, strict=True)])

    def paste(
        self, own: Tensor, donor: Tensor, mask: Tensor, generator: torch.Generator, toggle: bool
    ) -> tuple[Tensor, Tensor]:
        """Put the donors' marked words in at a random place; with `toggle`, take them out where they all are."""
        texts, places = [], []
        for text, source, marked in zip(own, donor, mask, strict=True):
            phrases = phrases_of(source, marked)
            has = holds(text, phrases)
            without = remove(text, phrases) if has else text
            if toggle and has:
                changed, place = without, torch.zeros_like(marked)
            else:
                changed, place = insert(without, phrases, generator)
            texts.append(changed)
            places.append(place)
        return torch.stack(texts), torch.stack(places)

    def exchange(self, own: Tensor, other: Tensor, donor: Tensor, mask: Tensor, generator: torch.Generator) -> Tensor:
        """Put the donors' marked words into a random half of the texts, take them out of the other half."""
        inside = torch.rand(len(own), generator=generator) < 0.5
        texts = []
        for text, source, marked, wanted in zip(own, donor, mask, inside.tolist(), strict=True):
            phrases = phrases_of(source, marked)
            without = remove(text, phrases)
            texts.append(insert(without, phrases, generator)[0] if wanted else without)
        return torch.stack(texts)


CONTENTS: Mapping[FieldKind, Content] = {
    "image": InPlace(),
    "numeric": InPlace(),
    "categorical": InPlace(),
    "text": Phrases(),
}


def content_of(kind: FieldKind) -> Content:
    """Return what moves marked content of a kind of field."""
    return CONTENTS[kind]
