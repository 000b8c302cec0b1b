"""Keys that act on the review, and the dialog that lists them.

Streamlit's own button shortcuts would take Enter from a focused button, could not pick a label by digit, and
would lose what is pressed while the page is being drawn; so all keys of this page go one way, in order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.contracts import CaseView
from pages._ui.labels import CONFIDENCE_KEYS, MANY, UNSURE_KEY, digits
from pages._ui.reading import widget_key

_SCRIPT = Path(__file__).resolve().parents[2] / "assets" / "keys" / "keys.js"
_component = st.components.v2.component("tandem_keys", html="<span></span>", js=_SCRIPT.read_text(encoding="utf-8"))

STEPS = ("blind", "verdict")
HELP = (
    ("digits", "pick the label with that key; of several questions the one that has the focus, else the next open one"),
    (UNSURE_KEY, "pick unsure"),
    ("f", "type to find a label, when there are more than ten"),
    ("g, l, t", "guess, likely, certain"),
    ("Enter", "commit your read, then save your verdict"),
    ("e", "show evidence"),
    ("x", "once evidence is shown: remove its hottest part and predict again"),
    ("w", "what if: change the inputs of this case"),
    ("m", "mark: go to the picture, the values or the text; again for the next of them"),
    ("p", "plain, without evidence"),
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
MARKING = (
    ("i, k", "ignore this, look here"),
    ("z", "undo the last mark"),
    ("Delete", "clear the marks of this kind"),
    ("Esc", "leave, so that Enter saves"),
)
ON_WORDS = (
    ("arrows, Home, End", "move from word to word; Shift takes several"),
    ("Space", "mark or free the words under the cursor"),
    *MARKING,
)
ON_VALUES = (
    ("arrows", "move from row to row, and between ignore and look here"),
    ("Space", "mark or free the field"),
    *MARKING,
)


@dataclass(frozen=True, slots=True)
class Binding:
    """A key that clicks the `index`-th match of the first selector that matches."""

    key: str
    selectors: tuple[str, ...]
    index: int = 0
    focus: bool = False
    """Focus instead of clicking."""
    submits: bool = False
    """Whether the page is drawn anew after it."""
    each: bool = False
    """Of several matches, the one after the one that has the focus."""
    every: bool = False
    """All matches at once."""
    row: str = ""
    """The question that this key answers, where there are several."""


def _submit(key: str, *names: str) -> Binding:
    return Binding(key, tuple(f".st-key-{name} button" for name in names), submits=True)


def _pick(key: str, what: str, index: int, row: str = "") -> Binding:
    return Binding(key, tuple(f".st-key-{step}_{what} [role=radio]" for step in STEPS), index, row=row)


def _labels(case: CaseView) -> Iterator[Binding]:
    for target in case.targets:
        if len(target.choices) <= MANY:
            what = widget_key("label", case.targets, target.name)
            row = ", ".join(f".st-key-{step}_{what}" for step in STEPS)
            for place, key in enumerate((*digits(target), UNSURE_KEY)):
                yield _pick(key, what, place, row)


def bindings(case: CaseView) -> tuple[Binding, ...]:
    """Return the keys; the same at every step of a case, each finds what is due."""
    acts = (
        _submit("Enter", "blind_submit", "verdict_submit"), _submit("e", "evidence_show"),
        _submit("x", "evidence_remove"),
        _submit("u", "verdict_undo"), _submit("n", "next_case"),
    )  # fmt: skip
    tools = (
        Binding("p", ("[data-tandem=plain]",), every=True),
        Binding("m", (".st-key-viewer [data-tandem-marks]",), focus=True, each=True),
        Binding("w", (".st-key-evidence_whatif a",)),
        Binding("f", (".st-key-blind_label input", ".st-key-verdict_label input"), focus=True),
    )
    sure = tuple(_pick(CONFIDENCE_KEYS[name], "confidence", place) for place, name in enumerate(CONFIDENCE_KEYS))
    return (*acts, *tools, *sure, *_labels(case))


def listen_early() -> None:
    """Listen from the first moment of a page on, so that no key is lost while the review is being drawn."""
    _component(key="page_keys_early", width="content", data={"bindings": None})


def draw_keys(case: CaseView, nonce: str) -> None:
    """Put the keys into force and the focus on the box whose turn it is."""
    steps = [f".st-key-{step}_{what}" for step in STEPS for what in ("label", "confidence")]
    _component(
        key="page_keys",
        width="content",
        data={
            "bindings": [asdict(binding) for binding in bindings(case)],
            "enter_from": [*steps, ".st-key-blind_submit", ".st-key-verdict_submit"],
            "focus": ".st-key-prediction_panel, .st-key-withheld" if case.read_done else ".st-key-read_box",
            "focus_when": f"{nonce}:{case.read_done}",
        },
    )


@st.dialog("Keys", width="medium")
def show_help(case: CaseView) -> None:
    """List every key that acts on this case."""
    kinds = {field.kind for field in case.fields}
    parts = (
        ("On the picture, when it has the focus", ON_PICTURE, {"image"}),
        ("On the values, when they have the focus", ON_VALUES, {"numeric", "categorical"}),
        ("On the text, when it has the focus", ON_WORDS, {"text"}),
    )
    page, marks = st.columns(2)
    _list_keys(page, "On the page", HELP)
    for title, lines, own in parts:
        if kinds & own:
            _list_keys(marks, title, lines)
    st.caption("No key acts while you type. Ctrl+Enter in the comment saves.")


def _list_keys(column: DeltaGenerator, title: str, lines: tuple[tuple[str, str], ...]) -> None:
    column.markdown(f"**{title}**")
    column.table({"key": [key for key, _ in lines], "does": [does for _, does in lines]}, hide_index=True)
