"""What a program wants ignored, as marks."""

import re
from collections.abc import Mapping

from core.contracts import FieldView, MarkForm
from core.errors import BadInput
from core.services.given import image_bytes

LONGEST_SPANS = 10_000


def ignore_marks(
    asked: Mapping[str, object] | None, fields: tuple[FieldView, ...], artefact: str | None
) -> tuple[MarkForm, ...]:
    """Return the marks that `ignore` stands for: field -> true, words, spans, or a mask as base64.

    Raises
    ------
    BadInput
        When a field does not exist, or its value does not fit its kind.
    """
    known = {field.name: field for field in fields}
    unknown = sorted(set(asked or {}) - set(known))
    if unknown:
        raise BadInput(f"There is no field {unknown[0]!r} to ignore. Fields: {', '.join(known)}.")
    return tuple(_mark(known[name], value, artefact) for name, value in (asked or {}).items())


def _mark(field: FieldView, value: object, artefact: str | None) -> MarkForm:
    if field.kind == "image":
        return MarkForm(field.name, "ignore", artefact, mask=image_bytes(field.name, value))
    if field.kind == "text" and value is not True:
        return MarkForm(field.name, "ignore", artefact, spans=_spans(field, value))
    if value is not True:
        raise BadInput(f"{field.name!r} is {field.kind}: true ignores it, got {str(value)[:40]!r}.")
    return MarkForm(field.name, "ignore", artefact, names=(field.name,))


def _spans(field: FieldView, value: object) -> tuple[tuple[int, int], ...]:
    items = value if isinstance(value, list) else [value]
    if not items or len(items) > LONGEST_SPANS:
        raise BadInput(f"{field.name!r}: name one to {LONGEST_SPANS:,} words or [start, end] spans to ignore.")
    return tuple(sorted({span for item in items for span in _found(field, item)}))


def _found(field: FieldView, item: object) -> list[tuple[int, int]]:
    """Return where a word stands in the text, or the span itself."""
    if isinstance(item, str) and item.strip():
        found = [match.span() for match in re.finditer(rf"(?<!\w){re.escape(item.strip())}(?!\w)", field.text or "")]
        if not found:
            raise BadInput(f"{item[:40]!r} does not stand in {field.name!r} of this case. Copy words from its text.")
        return found
    if isinstance(item, list) and len(item) == 2 and all(type(part) is int for part in item):
        return [(item[0], item[1])]
    raise BadInput(f"{field.name!r}: wanted a word or [start, end], got {str(item)[:40]!r}.")
