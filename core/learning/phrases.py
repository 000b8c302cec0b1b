"""Putting words into prepared texts and taking them out: int64 [tokens], 0 after the end."""

import torch
from torch import Tensor

PADDING = 0


def phrase_of(text: Tensor, marked: Tensor) -> Tensor:
    """Return the marked tokens of one text in order, int64 [words]."""
    return text[marked & (text != PADDING)]


def remove(text: Tensor, phrase: Tensor) -> Tensor:
    """Return the text without any token of the phrase, wherever it stands; a text of nothing else keeps its first.

    Examples
    --------
    >>> remove(torch.tensor([5, 7, 6, 7, 0]), torch.tensor([7])).tolist()
    [5, 6, 0, 0, 0]
    """
    if not len(phrase):
        return text
    kept = text[(text != PADDING) & ~torch.isin(text, phrase)]
    return _padded(kept if len(kept) else text[:1], len(text))


def insert(text: Tensor, phrase: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return the text with the phrase at a random place, and which tokens are the phrase; the end is cut where full."""
    length = int((text != PADDING).sum())
    room = min(len(phrase), len(text))
    place = int(torch.randint(min(length, len(text) - room) + 1, (1,), generator=generator))
    whole = torch.cat([text[:place], phrase[:room], text[place:length]])[: len(text)]
    places = torch.zeros_like(text, dtype=torch.bool)
    places[place : place + room] = True
    return _padded(whole, len(text)), places


def _padded(tokens: Tensor, length: int) -> Tensor:
    return torch.cat([tokens, tokens.new_zeros(length - len(tokens))])
