"""What people said since the champion was trained: counts, marks, and what to look at before they train."""

import streamlit as st

from core.contracts import FeedbackView
from pages._ui.marks import draw_warnings
from pages._ui.text import count
from pages._ui.thumbnails import draw_thumbnails

SHOWN = 12
"""Marked cases that are shown."""


def draw_feedback(feedback: FeedbackView) -> None:
    """Draw the feedback: counts, artefacts, marks as thumbnails, warnings."""
    st.header("Feedback since this champion", anchor=False)
    if not feedback.verdicts:
        st.write("No verdict since this champion was trained. Review a few cases; corrections and marks gather here.")
        return
    st.write(
        f"{count(feedback.verdicts, 'verdict')}, of which {count(feedback.overrides, 'correction')}; "
        f"{count(feedback.marks, 'mark')}."
    )
    if feedback.ledger:
        st.caption(f"{count(feedback.ledger, 'verdict')} on ledger cases judge models and never train one.")
    for artefact in feedback.artefacts:
        spread = f", spread to {count(artefact.spread, 'case')}" if artefact.spread else ""
        st.text(f"artefact “{artefact.name}”: {count(artefact.marks, 'mark')}{spread}")
    draw_warnings(feedback.warnings, feedback.thumbnails)
    draw_thumbnails(feedback.thumbnails[:SHOWN])
