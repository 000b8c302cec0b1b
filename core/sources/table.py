"""Whether a table has the columns that a workspace asks for."""

import difflib
from collections.abc import Iterable, Sequence

from core.errors import ImportRefused


def require_columns(table_name: str, known: Sequence[str], wanted: Iterable[tuple[str, str]]) -> None:
    """Refuse a table that lacks a column.

    Parameters
    ----------
    table_name : str
        What to call the table in the message.
    known : sequence of str
        The columns that it has.
    wanted : iterable of (column, use)
        The columns that the workspace asks for, and what for (`field image`).

    Raises
    ------
    ImportRefused
        Names every missing column, its use, the nearest column that exists, and all columns.
    """
    missing = [f"{column!r} ({use}){nearest(column, known)}" for column, use in wanted if column not in known]
    if missing:
        plural = "s" if len(missing) > 1 else ""
        raise ImportRefused(
            f"{table_name}: missing column{plural} {', '.join(missing)}. It has: {', '.join(known)}. "
            "Rename the column, or set `column` in the workspace file."
        )


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `, did you mean 'x'?` for the known word that is most like `word`, or nothing when none is like it."""
    lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), lower, n=1)
    return f", did you mean {lower[close[0]]!r}?" if close else ""
