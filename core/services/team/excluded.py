"""Why a read does not count, in words and counted."""

from collections import Counter
from typing import Literal

Why = Literal[
    "program", "gone", "known wrong", "ai off", "truth", "learnt", "verdict", "answer", "concurrent", "scores"
]
_WORDS: dict[Why, str] = {
    "program": "by programs, which are no readers",
    "gone": "of a case that was erased",
    "known wrong": "of an answer that was wrong on purpose: for training, they count nowhere here",
    "ai off": "with the model switched off: they count for people alone, and not for both together",
    "truth": "whose right answer nobody but the reader gave: neither the data set, nor an adjudication by somebody "
    "else, nor two others who agree",
    "learnt": "of a case that the model had learnt from: its answer would look better than it is",
    "verdict": "without a verdict after the reveal yet: they count for people alone",
    "answer": "whose verdict was given without an answer of the model, or with one that is no longer known",
    "concurrent": "missing: the verdict was given with the answer in sight from the start, so nobody knows what the "
    "person would have said alone",
    "scores": "left out of who should read what: the model's probabilities of that time are not kept",
}


def words_of(counted: Counter[Why]) -> tuple[str, ...]:
    """Return the reasons in words, each with how many reads it concerns.

    Examples
    --------
    >>> words_of(Counter({"program": 1}))
    ('1 read by programs, which are no readers.',)
    """
    return tuple(f"{n:,} {'read' if n == 1 else 'reads'} {_WORDS[why]}." for why in _WORDS if (n := counted[why]))
