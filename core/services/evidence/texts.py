"""Tokens of a stored text and the words that people see."""

from torch import Tensor

from core.contracts import FieldSpec
from core.models.preparers.text import read_tokens
from core.models.words import word_spans

Span = tuple[int, int]
WordValues = tuple[tuple[int, int, float], ...]
"""Code points [start, end) of each word, and its attribution."""


def words_of_tokens(text: str | None, field: FieldSpec) -> tuple[tuple[Span, ...], tuple[int, ...]]:
    """Return where the words of a text are, and for each token that the model reads the number of its word.

    Examples
    --------
    >>> words_of_tokens("No pain.", FieldSpec(name="note", kind="text", tokens=8))
    (((0, 2), (3, 7), (7, 8)), (0, 1, 2))
    """
    if text is None:
        return (), ()
    spans, numbers, word = word_spans(text), [], 0
    for token in read_tokens(text, field):
        while token.start >= spans[word][1]:
            word += 1
        numbers.append(word)
    return spans, tuple(numbers)


def word_values(text: str | None, values: Tensor, field: FieldSpec) -> WordValues:
    """Sum the attributions of tokens [tokens] to the words of a text that hold them."""
    spans, words = words_of_tokens(text, field)
    totals: dict[Span, float] = {}
    for word, value in zip(words, values.tolist(), strict=False):
        totals[spans[word]] = totals.get(spans[word], 0.0) + value
    return tuple((start, end, value) for (start, end), value in totals.items())
