"""One control for each field of a workspace: what a person fills in for an input of their own."""

import gradio as gr
from gradio.data_classes import ImageData

from core.contracts import FieldSpec

LONGEST_TEXT = 100_000


def control(field: FieldSpec) -> gr.components.Component:
    """Return the control for a field; an empty one means that the value is missing."""
    title = field.title or field.name
    note = None if field.required else "May be left empty."
    if field.kind == "image":
        return _image_file(title)
    if field.kind == "numeric":
        label = f"{title} ({field.unit})" if field.unit else title
        return gr.Number(label=label, value=None, info=_range(field) or note)
    if field.kind == "categorical":
        choices = [(field.display.get(name, name), name) for name in field.categories]
        return gr.Dropdown(choices, value=None, label=title, info=note)
    return gr.Textbox(label=title, lines=5, max_lines=16, max_length=LONGEST_TEXT, info=note)


def _image_file(title: str) -> gr.Image:
    """Return a control whose file reaches us as it was sent: Gradio does not open, turn or encode it again."""
    image = gr.Image(label=title, type="filepath", image_mode=None, sources=["upload", "clipboard"], height=260)
    image.preprocess = _path_of
    return image


def _path_of(payload: ImageData | None) -> str | None:
    return payload.path if payload is not None else None


def _range(field: FieldSpec) -> str | None:
    if field.minimum is None and field.maximum is None:
        return None
    low = "" if field.minimum is None else f"from {field.minimum:g} "
    high = "" if field.maximum is None else f"to {field.maximum:g}"
    return (low + high).strip().capitalize()
