"""Words of a text: where they are, and the whole numbers that stand for them.

A word's number is a hash of its normal form, so that preparing a text needs no vocabulary and no number can be turned
back into a name that stood in somebody's report. Which words a network knows is the network's own affair.
"""

import hashlib
import re
import unicodedata
from functools import lru_cache

WORD = re.compile(r"\w+|[^\w\s]")
COMBINING = ("Mn", "Me", "Mc", "Cf", "Sk")
"""Categories of characters that change the one before them."""
JOINER = "\u200d"
"""Zero-width joiner: makes one picture of several emoji."""
PADDING = 0
"""Stands where a text has ended."""


def word_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Return where each word or punctuation mark begins and ends, in code points of `text`.

    Marks that combine with the character before them belong to its word.

    Examples
    --------
    >>> word_spans("No acute disease.")
    ((0, 2), (3, 8), (9, 16), (16, 17))
    """
    spans: list[tuple[int, int]] = []
    for match in WORD.finditer(text):
        start, end = match.span()
        if spans and spans[-1][1] == start and _joins(text[start], text[start - 1]):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return tuple(spans)


def _joins(character: str, before: str) -> bool:
    """Tell whether a character belongs to the one before it: a mark, what follows a mark in a word, or a joiner."""
    if before == JOINER or unicodedata.category(character) in COMBINING:
        return True
    return character.isalnum() and unicodedata.category(before) in COMBINING


@lru_cache(maxsize=100_000)
def word_number(word: str) -> int:
    """Return the number of a word, from 1 to 2**63 - 1; upper and lower case have the same.

    The first 8 bytes of the BLAKE2b hash of the word in normal form NFKC, case folded.
    """
    normal = unicodedata.normalize("NFKC", word).casefold()
    digest = hashlib.blake2b(normal.encode(), digest_size=8).digest()
    return max(1, int.from_bytes(digest, "big") >> 1)
