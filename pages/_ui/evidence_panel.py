"""What can be asked of evidence once it is shown, one part at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from pages._ui.evidence_ask import Shown
from pages._ui.evidence_compare import draw_compare
from pages._ui.evidence_concepts import draw_concepts
from pages._ui.evidence_map import draw_map_part
from pages._ui.evidence_path import PATH_METHOD, draw_path
from pages._ui.evidence_quality import draw_trust
from pages._ui.evidence_remove import draw_remove
from pages._ui.evidence_taught import draw_taught
from pages._ui.guard import guarded, show_notice
from pages._ui.reading import FIRST_PART, PART
from pages._ui.slots import slot

PARTS: Mapping[str, Callable[[Shown], None]] = {
    FIRST_PART: draw_map_part,
    "Compare": draw_compare,
    "How far to trust it": draw_trust,
    "Remove": draw_remove,
    "Path": draw_path,
    "Taught by": draw_taught,
    "Concepts": draw_concepts,
}
"""What can be looked at; each part is asked for when somebody opens it."""


@st.fragment
def draw_details(shown: Shown) -> None:
    """Draw the part of the evidence that is looked at."""
    reading = shown.reading
    if (reading.question, reading.removal) != (shown.form, shown.removal):
        st.rerun()
    names = [name for name in PARTS if name != "Path" or PATH_METHOD in {one.name for one in shown.methods}]
    with st.container(key="evidence_details", gap="small"):
        part = st.segmented_control(
            "What to look at", names, key=PART, required=True, label_visibility="collapsed", wrap=True
        )
        if part != reading.part:
            reading.part, reading.part_turn = part or FIRST_PART, 1 - reading.part_turn
        with slot(reading.part_turn), guarded():
            show_notice()
            PARTS[reading.part](shown)
