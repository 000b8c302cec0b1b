"""Readable text whose words can be marked: our own component, its data and what comes back."""

from __future__ import annotations

from core.contracts import FieldEvidence, FieldView, MarkForm, MarkView
from core.errors import BadInput
from pages._ui.components import KINDS, came_back, component

_component = component(
    "tandem_words",
    "words/words.html",
    ("marking/marking.css", "words/words.css"),
    ("marking/marking.js", "words/acting.js", "words/words.js"),
)


def component_key(field: str) -> str:
    """Return the session key that holds which words of a field were marked."""
    return f"marked_words_{field}"


def draw_words(
    field: FieldView,
    *,
    opening: str,
    paint: bool,
    evidence: FieldEvidence | None = None,
    signed: bool = True,
    marks: tuple[MarkView, ...] = (),
    compact: bool = False,
    description: str = "",
) -> None:
    """Draw one text; `paint` lets the person mark its words, `compact` keeps it small beside other fields."""
    own = [mark for mark in marks if mark.field == field.name]
    _component(
        key=component_key(field.name),
        data={
            "opening": opening,
            "paint": paint,
            "title": field.title,
            "text": field.text,
            "spans": [list(span) for span in field.spans],
            "read_until": field.read_until,
            "heat": [list(span) for span in evidence.spans] if evidence else None,
            "signed": signed,
            "marks": {kind: [list(span) for mark in own if mark.kind == kind for span in mark.spans] for kind in KINDS},
            "compact": compact,
            "description": description,
        },
        on_marks_change=lambda: None,
    )


def marked_words(field: str, opening: str, artefact: str | None) -> tuple[MarkForm, ...] | None:
    """Return the words that were marked in this opening; None when nothing was touched in it."""
    value = came_back(component_key(field), opening)
    if value is None:
        return None
    return tuple(
        MarkForm(field, kind, artefact if kind == "ignore" else None, spans=spans_of(value[kind]))
        for kind in KINDS
        if value.get(kind)
    )


def spans_of(value: object) -> tuple[tuple[int, int], ...]:
    """Return spans as the browser sent them.

    Raises
    ------
    BadInput
        When they are no pairs of whole numbers, first before last.
    """
    if not isinstance(value, list) or not all(_is_span(span) for span in value):
        raise BadInput("The marked words could not be read: they are no places in the text. Mark them again.")
    return tuple((int(start), int(end)) for start, end in value)


def _is_span(span: object) -> bool:
    return (
        isinstance(span, list)
        and len(span) == 2
        and all(isinstance(place, int | float) and place == int(place) for place in span)
        and 0 <= span[0] < span[1]
    )
