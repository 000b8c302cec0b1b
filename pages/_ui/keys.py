"""Keys that act on the page, and the dialog that lists them.

Streamlit's own button shortcuts carry the letters (they are printed on the buttons and rest while a person
types). What they can't do is here: digits that pick a label, Enter that leaves a focused button alone, focus.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

from core.contracts.views import CaseView
from pages._ui.labels import CONFIDENCE_KEYS, MANY, UNSURE_KEY, digits

_SCRIPT = Path(__file__).resolve().parents[2] / "assets" / "keys" / "keys.js"
_component = st.components.v2.component("tandem_keys", html="<span></span>", js=_SCRIPT.read_text(encoding="utf-8"))

HELP = (
    ("digits", "pick the label with that key"),
    (UNSURE_KEY, "pick unsure"),
    ("f", "type to find a label, when there are more than ten"),
    ("g, l, t", "guess, likely, certain"),
    ("Enter", "commit your read, then save your verdict"),
    ("e", "show evidence"),
    ("m", "paint: go to the picture"),
    ("p", "plain picture, without overlays"),
    ("u", "undo the last verdict"),
    ("n", "next case"),
    ("o", "open the next case, on the worklist"),
    ("F1", "this list"),
)
ON_PICTURE = (
    ("arrows", "move the cursor (Shift: ten steps); without painting, move the picture"),
    ("Enter, Space", "paint at the cursor; hold Space and drag to move the picture"),
    ("b, x, t", "brush, eraser, rectangle"),
    ("[ ]", "smaller, larger brush"),
    ("i, k", "ignore this, look here"),
    ("z", "undo the last stroke"),
    ("Delete", "clear the marks of this kind"),
    ("Esc", "leave the picture, so that Enter saves"),
    ("+, −, Home", "zoom in, zoom out, whole picture"),
)


@dataclass(frozen=True, slots=True)
class Binding:
    """A key that clicks the `index`-th match of `selector`."""

    key: str
    selector: str
    index: int = 0
    focus: bool = False
    """Focus instead of clicking."""


def bindings(case: CaseView) -> tuple[Binding, ...]:
    """Return the keys of the step that is due."""
    step = "verdict" if case.read_done else "blind"
    label, first = f".st-key-{step}_label", case.targets[0]
    submit = Binding("Enter", f".st-key-{step}_submit button")
    sure = [
        Binding(CONFIDENCE_KEYS[c], f".st-key-{step}_confidence [role=radio]", i) for i, c in enumerate(CONFIDENCE_KEYS)
    ]
    tools = [Binding("p", "[data-tandem=plain]"), Binding("m", "[data-tandem=canvas]", focus=True)]
    if len(first.choices) > MANY:
        return (submit, *sure, *tools, Binding("f", f"{label} input", focus=True))
    picks = [Binding(key, f"{label} [role=radio]", i) for i, key in enumerate((*digits(first), UNSURE_KEY))]
    return (submit, *sure, *tools, *picks)


def draw_keys(case: CaseView, nonce: str) -> None:
    """Put the keys of this step into force and the focus on its first act."""
    step = "verdict" if case.read_done else "blind"
    _component(
        key="page_keys",
        data={
            "bindings": [asdict(binding) for binding in bindings(case)],
            "enter_from": [f".st-key-{step}_label", f".st-key-{step}_confidence"],
            "focus": ".st-key-prediction_panel" if case.read_done else ".st-key-read_box",
            "focus_when": f"{nonce}:{case.read_done}",
        },
    )


@st.dialog("Keys", width="medium")
def show_help() -> None:
    """List every key."""
    page, picture = st.columns(2)
    for column, title, lines in (
        (page, "On the page", HELP),
        (picture, "On the picture, when it has the focus", ON_PICTURE),
    ):
        column.markdown(f"**{title}**")
        column.table({"key": [k for k, _ in lines], "does": [d for _, d in lines]}, hide_index=True)
    st.caption("No key acts while you type. Ctrl+Enter in the comment saves.")
