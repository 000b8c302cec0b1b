"""A few words of a case where there is no picture of it: marked words in their context, or fields with their values."""

from collections.abc import Sequence

from core.contracts import Case, FieldSpec, FieldValue, Region, WorkspaceSpec

AROUND = 28
"""Code points of context on each side of marked words, then cut at a space."""
MOST_SPANS, MOST_FIELDS = 3, 4
FIRST = 90
"""Code points of an unmarked text."""


def excerpt(case: Case, marks: Sequence[Region], spec: WorkspaceSpec) -> str:
    """Return what was marked on the texts and fields of a case or, where nothing was, how the case begins."""
    values = {value.field: value for value in case.fields}
    marked = {mark.mark.field for mark in marks if mark.mark.spans or mark.mark.names}
    shown = [item for item in spec.fields if item.kind != "image" and (not marked or item.name in marked)]
    parts = []
    for item in shown[:MOST_FIELDS]:
        value = values.get(item.name, FieldValue(item.name))
        spans = [span for mark in marks if mark.mark.field == item.name for span in mark.mark.spans]
        parts.append(_part(item, value, spans))
    return "; ".join(part for part in parts if part)


def _part(spec: FieldSpec, value: FieldValue, spans: Sequence[tuple[int, int]]) -> str:
    if spec.kind != "text":
        return f"{spec.title or spec.name} {value_words(spec, value.number, value.text)}"
    if value.text is None:
        return ""
    return marked_words(value.text, spans) if spans else _cut_end(value.text, FIRST)


def value_words(spec: FieldSpec, number: float | None, text: str | None) -> str:
    """Return a number with its unit, or the words for a category, or `missing`."""
    if number is not None:
        return f"{number:,.6g} {spec.unit}".rstrip()
    return spec.display.get(text, text) if text is not None else "missing"


def marked_words(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Return the first marked words, each between « » and in its context.

    Example
    -------
    >>> marked_words("No acute disease of the heart or of the lungs was seen.", [(9, 16)])
    'No acute «disease» of the heart or of the …'
    """
    found = []
    for start, end in sorted(spans)[:MOST_SPANS]:
        before, after = text[:start], text[end:]
        found.append(f"{_cut_start(before, AROUND)}«{text[start:end]}»{_cut_end(after, AROUND)}")
    return " ".join(" ".join(found).split())


def _cut_end(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    kept = text[:length].rpartition(" ")[0]
    return f"{kept} …"


def _cut_start(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    kept = text[-length:].partition(" ")[2]
    return f"… {kept}"
