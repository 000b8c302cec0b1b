"""Texts: int64 [tokens], a number for each token; 0 stands for what comes after the end, alone for a missing text."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from core.contracts import FieldSpec
from core.errors import BadInput
from core.models.preparers.base import Array, Value
from core.models.tokenisers import Token, tokeniser

LONGEST = 100_000
"""Code points that a text may have."""


class TextPreparer:
    """Prepares text fields."""

    dtype = torch.int64

    def shape(self, field: FieldSpec) -> tuple[int, ...]:
        """Return (tokens,)."""
        return (field.tokens,)

    def prepare(self, value: Value, field: FieldSpec) -> Array:
        """Return the numbers of the first `field.tokens` tokens."""
        found = read_tokens(value, field)
        row = np.zeros(field.tokens, dtype=np.int64)
        row[: len(found)] = [token.number for token in found]
        return row

    def missing(self, field: FieldSpec) -> Array:
        """Return a text without tokens."""
        return np.zeros(field.tokens, dtype=np.int64)

    def present(self, prepared: Tensor) -> Tensor:
        """Return which texts have a token."""
        return prepared[:, 0] != 0

    def key(self, field: FieldSpec) -> tuple[object, ...]:
        """Return what decides the tokens."""
        return (field.kind, field.tokeniser, field.tokens)


def read_tokens(value: Value, field: FieldSpec) -> Sequence[Token]:
    """Return the tokens of a text that the model reads: the first `field.tokens`.

    Raises
    ------
    BadInput
        When the text has no word, or is longer than 100,000 code points.
    """
    if not isinstance(value, str):
        raise BadInput(f"Field {field.name!r} needs a text, got {type(value).__name__}.")
    if len(value) > LONGEST:
        raise BadInput(
            f"Field {field.name!r} has {len(value):,} characters, at most {LONGEST:,} fit. Give the part that decides."
        )
    found = tokeniser(field.tokeniser).tokens(value)[: field.tokens]
    if not found:
        raise BadInput(f"Field {field.name!r} has no word: {value[:20]!r}. Give a text, or leave the field out.")
    return found
