"""The one rule by which cells of a CSV are kept from being run as formulas, and by which that is undone.

A spreadsheet runs a cell that begins with `= + - @`, a tab or a carriage return, and shows a cell that begins with
a single quote as text without the quote. So a cell that consists of any number of single quotes (none included)
followed by one of those characters gets one more quote in front. Reading removes one quote from a cell that consists
of at least one quote followed by one of them. Every other cell stays as it is, one that begins with a quote and a
letter included. The two are inverses for every text, so nothing is lost on the way there and back.
"""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
QUOTE = "'"


def escape_cell(text: str) -> str:
    """Return a cell that no spreadsheet runs as a formula.

    Examples
    --------
    >>> escape_cell("=1+1"), escape_cell("'=1+1"), escape_cell("'tis")
    ("'=1+1", "''=1+1", "'tis")
    """
    return QUOTE + text if _would_run(text) else text


def unescape_cell(cell: str) -> str:
    """Return the text that `escape_cell` was given."""
    return cell[1:] if cell.startswith(QUOTE) and _would_run(cell) else cell


def _would_run(text: str) -> bool:
    return text.lstrip(QUOTE).startswith(FORMULA_STARTS)
