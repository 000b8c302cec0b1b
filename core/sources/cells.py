"""What a cell of a table may be: text or a number, whatever format the table had."""

import math

from core.formats.tables import Embedded
from core.sources.table import nearest

SHOWN = 40
"""Characters of a wrong cell that a message repeats."""
LONGEST_TEXT = 100_000
"""Code points that a text may have."""


class CellError(Exception):
    """A cell that can't be used; caught by the source, which adds the line."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"{column}: {reason}")
        self.column = column
        self.reason = reason


def cell_text(column: str, cell: object) -> str:
    """Return a cell as text: numbers as they are written, `true` and `false`, an empty text for None.

    Raises
    ------
    CellError
        When it is a list, an object, a file, or no finite number, or holds what no database keeps.
    """
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, str):
        return _storable(column, cell)
    if isinstance(cell, Embedded):
        raise CellError(column, "holds bytes; wanted text or a number")
    if isinstance(cell, float):
        return number_text(_finite(column, cell, cell))
    if isinstance(cell, int):
        return str(cell)
    raise CellError(column, f"holds {_kind(cell)}; wanted text or a number")


def cell_number(column: str, cell: object) -> float:
    """Return a cell that is not empty as a finite number.

    Raises
    ------
    CellError
        When it is no number: text that is none, true or false, infinite, not a number.
    """
    if isinstance(cell, bool):
        raise CellError(column, f"is {str(cell).lower()}; wanted a number such as 12 or 0.5")
    if not isinstance(cell, (int, float, str)):
        raise CellError(column, f"holds {_kind(cell)}; wanted a number such as 12 or 0.5")
    try:
        number = math.nan if isinstance(cell, str) and "_" in cell else float(cell)
    except (ValueError, OverflowError):
        number = math.nan
    return _finite(column, number, cell)


def number_text(number: float) -> str:
    """Return the shortest text that reads as the same number; whole numbers without a decimal point.

    Examples
    --------
    >>> number_text(61.0), number_text(0.1)
    ('61', '0.1')
    """
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def one_of(column: str, text: str, known: tuple[str, ...], what: str) -> str:
    """Return `text` when it is empty or known.

    Raises
    ------
    CellError
        Otherwise; says what is known and which of it is nearest.
    """
    if text and text not in known:
        shown = f"{text[:SHOWN]!r} is no {what}{nearest(text, known)}"
        raise CellError(column, f"{shown}{'' if shown.endswith('?') else ';'} known: {', '.join(known)}")
    return text


def _finite(column: str, number: float, cell: object) -> float:
    if not math.isfinite(number):
        raise CellError(
            column, f"{str(cell)[:SHOWN]!r} is no number; wanted one such as 12 or 0.5, or nothing where it is missing"
        )
    return number + 0.0  # a negative zero becomes zero


def unstorable(text: str) -> str | None:
    """Return why a text can't be stored, in words that go on from its name, or None when it can.

    Examples
    --------
    >>> unstorable("a word"), unstorable("a" + chr(0))
    (None, "holds a NUL character, which can't be stored; remove it")
    """
    if "\0" in text:
        return "holds a NUL character, which can't be stored; remove it"
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return "holds half a surrogate pair, which is no character; write the text again"
    return None


def _storable(column: str, text: str) -> str:
    if reason := unstorable(text):
        raise CellError(column, reason)
    return text


def _kind(cell: object) -> str:
    names = {dict: "an object", list: "a list", Embedded: "bytes"}
    return names.get(type(cell), f"a value of type {type(cell).__name__}")
