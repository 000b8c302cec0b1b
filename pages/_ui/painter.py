"""The viewer and mask painter: our own component, its data and what comes back.

One component serves both, so that nothing is drawn anew when a case or its step changes: while it can paint,
its root carries the element key `mask_painter`, and its choice of layer the key `mask_kind`.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from functools import lru_cache

from core.contracts import FieldView, MarkForm, MarkView
from core.errors import BadInput
from pages._ui.components import KINDS, came_back, component

_component = component(
    "tandem_painter",
    "painter/painter.html",
    ("marking/marking.css", "painter/painter.css"),
    tuple(f"painter/{name}.js" for name in ("layers", "drawing", "tools", "painter")),
)
LARGEST = 20_000_000
"""A mask that comes back is refused above this many base64 letters."""


@lru_cache(maxsize=64)
def data_url(content: bytes, media_type: str = "image/png") -> str:
    """Return encoded image bytes as a data URL; kept, so that a rerun does not encode again."""
    return f"data:{media_type};base64,{b64encode(content).decode('ascii')}"


def component_key(field: str) -> str:
    """Return the session key that holds what was painted on a field."""
    return f"painted_{field}"


def draw_painter(
    field: FieldView,
    *,
    opening: str,
    paint: bool,
    heat: bytes | None = None,
    marks: tuple[MarkView, ...] = (),
    warning: float = 1.0,
    below: str = "0px",
    description: str = "",
    only: str = "",
) -> None:
    """Draw one image with its overlay; `paint` lets the person mark it, `below` is the height kept free under it.

    `only` names what a stroke does where marks have one meaning alone; it then comes back as *ignore*.
    """
    masks = [(mark.kind, data_url(mark.mask)) for mark in marks if mark.field == field.name and mark.mask]
    _component(
        key=component_key(field.name),
        data={
            "opening": opening,
            "paint": paint,
            "image": data_url(field.image or b"", field.media_type),
            "width": field.width,
            "height": field.height,
            "heat": data_url(heat) if heat else None,
            "marks": {kind: [url for its, url in masks if its == kind] for kind in KINDS},
            "warning": warning,
            "below": below,
            "description": description,
            "only": only,
        },
        on_marks_change=lambda: None,
    )


def painted(field: str, opening: str, artefact: str | None) -> tuple[MarkForm, ...] | None:
    """Return the marks that were painted in this opening; None when nothing was touched in it.

    Raises
    ------
    BadInput
        When what came back is no mask.
    """
    value = came_back(component_key(field), opening)
    if value is None:
        return None
    return tuple(
        MarkForm(field, kind, artefact if kind == "ignore" else None, decode(value[kind]))
        for kind in KINDS
        if value.get(kind)
    )


def decode(text: str) -> bytes:
    """Return the PNG bytes behind base64 text from the browser."""
    if len(text) > LARGEST:
        raise BadInput(f"The mask is too large ({len(text):,} letters). Clear it and mark a smaller picture.")
    try:
        return b64decode(text, validate=True)
    except BadBase64 as error:
        raise BadInput("The mask could not be read as base64. Paint it again.") from error
