"""Putting phrases into prepared texts and taking them out: int64 [tokens], 0 after the end.

A phrase is a run of words that were marked side by side. A missing text stays missing.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

PADDING = 0
Phrase = tuple[int, ...]


def phrases_of(text: Tensor, marked: Tensor) -> tuple[Phrase, ...]:
    """Return the runs of marked tokens of one text, in order, each once.

    Examples
    --------
    >>> phrases_of(torch.tensor([5, 7, 6, 7, 0]), torch.tensor([False, True, True, False, True]))
    ((7, 6),)
    """
    runs: list[list[int]] = []
    before = False
    for number, chosen in zip(text.tolist(), marked.tolist(), strict=True):
        there = chosen and number != PADDING
        if there and before:
            runs[-1].append(number)
        elif there:
            runs.append([number])
        before = there
    return tuple(dict.fromkeys(tuple(run) for run in runs))


def holds(text: Tensor, phrases: Sequence[Phrase]) -> bool:
    """Return whether every phrase stands somewhere in the text."""
    words = _words(text)
    return bool(phrases) and all(_places(words, phrase) for phrase in phrases)


def remove(text: Tensor, phrases: Sequence[Phrase]) -> Tensor:
    """Return the text without the phrases, wherever they stand; a text of nothing else keeps its first word.

    Examples
    --------
    >>> remove(torch.tensor([5, 7, 6, 7, 0]), [(7, 6)]).tolist()
    [5, 7, 0, 0, 0]
    """
    words = _words(text)
    left = words
    for phrase in phrases:
        gone = {place + offset for place in _places(left, phrase) for offset in range(len(phrase))}
        left = [word for place, word in enumerate(left) if place not in gone]
    return _padded(left or words[:1], text)


def without(text: Tensor, marked: Tensor) -> Tensor:
    """Return the text without the words at marked places; a text of nothing else keeps its first word.

    Examples
    --------
    >>> without(torch.tensor([5, 7, 6, 7, 0]), torch.tensor([False, True, False, False, False])).tolist()
    [5, 6, 7, 0, 0]
    """
    kept = [
        number for number, gone in zip(text.tolist(), marked.tolist(), strict=True) if number != PADDING and not gone
    ]
    return _padded(kept or _words(text)[:1], text)


def insert(text: Tensor, phrases: Sequence[Phrase], generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return the text with each phrase at a random place, and which tokens are phrases; the end is cut where full."""
    words = [(word, False) for word in _words(text)]
    for phrase in phrases if words else ():
        put = [(word, True) for word in phrase[: len(text)]]
        last = min(len(words), len(text) - len(put))
        free = [place for place in range(last + 1) if not _splits(words, place)] or [0]
        place = free[int(torch.randint(len(free), (1,), generator=generator))]
        words = (words[:place] + put + words[place:])[: len(text)]
    places = torch.zeros_like(text, dtype=torch.bool)
    places[: len(words)] = torch.tensor([new for _, new in words], dtype=torch.bool)
    return _padded([word for word, _ in words], text), places


def _splits(words: Sequence[tuple[int, bool]], place: int) -> bool:
    """Tell whether a place lies inside a phrase that was put in before."""
    return 0 < place < len(words) and words[place - 1][1] and words[place][1]


def _words(text: Tensor) -> list[int]:
    return [number for number in text.tolist() if number != PADDING]


def _places(words: Sequence[int], phrase: Phrase) -> list[int]:
    """Return where a phrase begins, from left to right, without overlaps."""
    found: list[int] = []
    place = 0
    while place <= len(words) - len(phrase):
        if tuple(words[place : place + len(phrase)]) == phrase:
            found.append(place)
            place += len(phrase)
        else:
            place += 1
    return found


def _padded(words: Sequence[int], like: Tensor) -> Tensor:
    padded = torch.zeros_like(like)
    padded[: len(words)] = torch.tensor(words, dtype=like.dtype)
    return padded
