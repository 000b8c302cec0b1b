"""Marks on words: spans of code points, checked, and found by the words that people name."""

from collections.abc import Sequence

from core.contracts import Case, MarkForm, WorkspaceSpec
from core.errors import BadInput, NotFound
from core.models.words import word_number, word_spans
from core.services.casebook import Casebook

Span = tuple[int, int]


def checked_spans(spans: Sequence[Span], text: str | None, field: str) -> tuple[Span, ...]:
    """Return spans of code points in order, those that touch or overlap made one.

    Raises
    ------
    BadInput
        When the text is missing, or a span is empty or reaches outside it.

    Examples
    --------
    >>> checked_spans([(3, 5), (0, 3)], "abcdef", "note")
    ((0, 5),)
    """
    if text is None:
        raise BadInput(f"The case has no text {field!r}, so nothing of it can be marked.")
    for start, end in spans:
        if not 0 <= start < end <= len(text):
            raise BadInput(f"A mark on {field!r} goes from {start} to {end}; the text has {len(text)} characters.")
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def share_of_words(spans: Sequence[Span], text: str) -> float:
    """Return the share of a text's words that a mark touches, 0 to 1."""
    words = word_spans(text)
    touched = sum(any(start < stop and begin < end for start, end in spans) for begin, stop in words)
    return touched / max(1, len(words))


def named_marks(
    names: Sequence[str], case: Case, spec: WorkspaceSpec, casebook: Casebook, artefact: str | None
) -> tuple[MarkForm, ...]:
    """Return *ignore* marks on what people can name: table fields, whole texts, words wherever they stand in a text.

    Raises
    ------
    NotFound
        When a name is no field, and no text of the case has such words.
    """
    return tuple(mark for name in names for mark in _named(name, case, spec, casebook, artefact))


def _named(
    name: str, case: Case, spec: WorkspaceSpec, casebook: Casebook, artefact: str | None
) -> tuple[MarkForm, ...]:
    known = [field.name for field in spec.fields]
    if name in known:
        return (MarkForm(field=name, kind="ignore", artefact=artefact, names=(name,)),)
    texts = {field.name: casebook.value(case, field.name).text for field in spec.fields if field.kind == "text"}
    found = {field: places_of(name, text) for field, text in texts.items() if text is not None}
    if not any(found.values()):
        words = f", and no text of case {case.name!r} has these words" if texts else ""
        raise NotFound(
            f"{spec.name} has no field {name!r}; it has {', '.join(known)}{words}. A mask's name ends in .png."
        )
    return tuple(MarkForm(field, "ignore", artefact, spans=spans) for field, spans in found.items() if spans)


def places_of(words: str, text: str) -> tuple[Span, ...]:
    """Return where words stand in a text, as whole words in upper or lower case.

    Examples
    --------
    >>> places_of("no acute", "No acute disease. None acute.")
    ((0, 8),)
    """
    wanted = [word_number(words[start:end]) for start, end in word_spans(words)]
    spans = word_spans(text)
    numbers = [word_number(text[start:end]) for start, end in spans]
    size = len(wanted)
    return tuple(
        (spans[place][0], spans[place + size - 1][1])
        for place in range(len(numbers) - size + 1)
        if wanted and numbers[place : place + size] == wanted
    )
