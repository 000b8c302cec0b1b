"""The first line of the review: which case, how many wait, why it is next, the keys."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.contracts import CaseView
from pages._ui.keys import draw_keys, show_help
from pages._ui.reading import Reading
from pages._ui.text import plain, shorten


def draw_title() -> DeltaGenerator:
    """Draw the title and return the line that it stands in."""
    top = st.container(horizontal=True, vertical_alignment="center", key="review_header")
    top.title("Review", anchor=False, width="content")
    return top


def draw_about(case: CaseView, reading: Reading, top: DeltaGenerator) -> None:
    """Draw what is known of the case before it is read."""
    place = f"{case.position} of {case.waiting} waiting" if case.position else "not waiting"
    held = f" · held by {plain(shorten(case.claimed_by, 30))}" if case.claimed_by else ""
    why = f" · why next: {plain(shorten(case.why, 80))}" if case.why and case.position else ""
    top.markdown(f"case **{plain(shorten(case.name, 40))}** · {place}{held}{why}", wrap=False, width="stretch")
    if top.button("keys", key="keys_help", shortcut="F1", type="tertiary"):
        show_help(case)
    with top:
        draw_keys(case, reading.nonce)
