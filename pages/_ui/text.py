"""User text is never read as Markdown or HTML."""

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:&^=@/])")
_BREAKS = re.compile(r"[\r\n\t\x00-\x1f\x7f]+")


def plain(text: str) -> str:
    r"""Return `text` so that Streamlit's Markdown shows it letter by letter.

    Line breaks and control characters become one space, because labels are one line.

    Example
    -------
    >>> plain("**3** <b>")
    '\\*\\*3\\*\\* \\<b\\>'
    """
    return _SPECIAL.sub(r"\\\1", _BREAKS.sub(" ", text))


def shorten(text: str, length: int = 60) -> str:
    """Return `text`, cut to `length` characters with an ellipsis."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def asking(title: str) -> str:
    """Return a question's title as what an answer follows: `View:`, but `Which view?` as it is."""
    return title if title.endswith(("?", ":")) else f"{title}:"


def count(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: `1 case`, `2 cases`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def spaced(name: str) -> str:
    """Return a stored name as words: `integrated_gradients` is `Integrated gradients`."""
    words = name.replace("_", " ").replace("-", " ")
    return words[:1].upper() + words[1:]
