"""What a program wants ignored, as marks: by name as on the command line, or field by field."""

from collections.abc import Mapping

from core.contracts import CaseView, MarkForm
from core.errors import BadInput
from core.services.given import image_bytes
from core.services.review import Review

Ignored = list[str] | Mapping[str, object] | None
"""Names of fields or words; or field -> true (all of it), [start, end] spans of a text, or a mask as base64."""


def ignore_marks(review: Review, view: CaseView, asked: Ignored, artefact: str | None) -> tuple[MarkForm, ...]:
    """Return the marks that `ignore` stands for.

    Raises
    ------
    BadInput
        When a field does not exist, or its value does not fit its kind.
    NotFound
        When a name is no field and no text of the case has such words.
    """
    if not asked:
        return ()
    if isinstance(asked, list):
        return review.named_marks(view.workspace, view.name, asked, artefact)
    kinds = {field.name: field.kind for field in view.fields}
    unknown = sorted(set(asked) - set(kinds))
    if unknown:
        raise BadInput(f"There is no field {unknown[0][:40]!r} to ignore. Fields: {', '.join(kinds)}.")
    return tuple(_mark(name, kinds[name], value, artefact) for name, value in asked.items())


def _mark(name: str, kind: str, value: object, artefact: str | None) -> MarkForm:
    if kind == "image":
        return MarkForm(name, "ignore", artefact, mask=image_bytes(name, value))
    if value is True:
        return MarkForm(name, "ignore", artefact, names=(name,))
    if kind != "text":
        raise BadInput(f"{name!r} is {kind}: true ignores it, got {str(value)[:40]!r}.")
    return MarkForm(name, "ignore", artefact, spans=_spans(name, value))


def _spans(name: str, value: object) -> tuple[tuple[int, int], ...]:
    if isinstance(value, list) and value and all(_is_span(item) for item in value):
        return tuple((item[0], item[1]) for item in value)
    raise BadInput(f"{name!r} is a text: send true or a list of [start, end] code points, got {str(value)[:40]!r}.")


def _is_span(item: object) -> bool:
    return isinstance(item, list) and len(item) == 2 and all(type(part) is int for part in item)
