"""Finding marked words in other texts: the same phrase, in upper or lower case, and near spellings."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

import torch
from torch import Tensor

from core.contracts import FieldSpec
from core.learning.spreading.base import LEAST_PROBABILITY, MOST_PROBABLE, Found, Search
from core.models.preparers.text import read_tokens
from core.models.words import word_number, word_spans

NEAR = 0.8
"""Least similarity of two spellings of one word (Ratcliff and Obershelp)."""
SHORTEST = 5
"""Letters that a word needs for another spelling to be told from another word."""
Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is compared, and the tokens that show it."""

    key: str
    spelling: str
    tokens: tuple[int, ...]


class WordSpreader:
    """Every place of the marked phrases; a phrase that the marked texts also have unmarked is less probable."""

    def find(self, search: Search) -> tuple[Found, ...]:
        """Return at most one find per text, surest first."""
        chances = _phrases(search)
        found = []
        for row, words in enumerate(_texts(search.cases, search.texts, search.field)):
            if row % 200 == 0:
                search.report("looking for the words", row, len(search.cases))
            mask, chance = torch.zeros(search.cases.shape[1:], dtype=torch.bool), 0.0
            for phrase, probability in chances.items():
                for place, likeness in _places(words, phrase):
                    mask[[token for word in words[place : place + len(phrase)] for token in word.tokens]] = True
                    chance = max(chance, probability * likeness)
            if chance >= LEAST_PROBABILITY and mask.any():
                found.append(Found(row, search.field.name, mask, chance))
        return tuple(sorted(found, key=lambda item: -item.probability))


def _texts(prepared: Tensor, texts: Sequence[str | None], field: FieldSpec) -> Iterator[list[Word]]:
    """Yield each text's words; where the texts themselves are not given, a token is a word without a spelling."""
    for row, numbers in enumerate(prepared.tolist()):
        text = texts[row] if texts else None
        if text is None:
            yield [Word(str(number), "", (place,)) for place, number in enumerate(numbers) if number]
            continue
        tokens = read_tokens(text, field)
        words = []
        for start, end in word_spans(text):
            own = tuple(n for n, token in enumerate(tokens) if start < token.end and token.start < end)
            if own:
                words.append(Word(str(word_number(text[start:end])), text[start:end].casefold(), own))
        yield words


def _phrases(search: Search) -> dict[tuple[Word, ...], float]:
    """Return the marked phrases and how probable it is that one of them, found elsewhere, is meant too."""
    marked: Counter[Phrase] = Counter()
    shown: dict[Phrase, tuple[Word, ...]] = {}
    texts = list(_texts(search.marked, search.marked_texts, search.field))
    for words, mask in zip(texts, search.masks, strict=True):
        for run in _runs(words, mask):
            key = tuple(word.key for word in run)
            shown[key] = run
            marked[key] += 1
    chances = {}
    for key, run in shown.items():
        there = sum(likeness == 1.0 for words in texts for _, likeness in _places(words, run))
        chances[run] = MOST_PROBABLE * (marked[key] + 1) / (max(there, marked[key]) + 1)
    return chances


def _runs(words: Sequence[Word], mask: Tensor) -> Iterator[tuple[Word, ...]]:
    """Yield the runs of words that a mark [tokens] touches."""
    run: list[Word] = []
    for word in words:
        if bool(mask[list(word.tokens)].any()):
            run.append(word)
        elif run:
            yield tuple(run)
            run = []
    if run:
        yield tuple(run)


def _places(words: Sequence[Word], phrase: Sequence[Word]) -> Iterator[tuple[int, float]]:
    """Yield where a phrase stands and how alike it is spelt, 0 to 1."""
    for place in range(len(words) - len(phrase) + 1):
        likeness = 1.0
        for own, wanted in zip(words[place : place + len(phrase)], phrase, strict=True):
            likeness *= 1.0 if own.key == wanted.key else _alike(own.spelling, wanted.spelling)
            if not likeness:
                break
        else:
            yield place, likeness


@lru_cache(maxsize=100_000)
def _alike(one: str, other: str) -> float:
    """Return the similarity of two spellings where they may be one word's, else 0."""
    if min(len(one), len(other)) < SHORTEST or one[0] != other[0]:
        return 0.0
    ratio = SequenceMatcher(None, one, other).ratio()
    return ratio if ratio >= NEAR else 0.0
