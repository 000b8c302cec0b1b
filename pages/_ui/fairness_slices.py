"""The worst subgroups of a version: for wrong answers, missed positives and false alarms."""

from __future__ import annotations

import streamlit as st

from core.contracts import FairnessView
from pages._ui.slice_table import draw_slice_table
from pages._ui.text import plain


def draw_slices(view: FairnessView) -> None:
    """Draw the subgroups that were found by themselves, one list for each kind of error."""
    st.header("For whom it errs most", anchor=False)
    st.caption(
        "Found by searching all fields, attributes and groups of cases that look alike to the model, and pairs of "
        "them. Listed are those that are worse than chance allows, with all that was looked at counted."
    )
    with st.container(key="fairness_slices", gap="medium"):
        for key, title, error, found in (
            ("slice", "Wrong answers", "wrong", view.slices),
            ("missed", f"Missed: {view.words(view.positive)} that was answered otherwise", "missed", view.missed),
            ("alarm", f"False alarms: answered {view.words(view.positive)}, is not", "false alarms", view.false_alarms),
        ):
            with st.container(gap="xsmall"):
                st.markdown(f"**{plain(title)}**")
                if found:
                    draw_slice_table(found, key=key, error=error)
                else:
                    st.write("None was found.")
    st.caption(plain(view.slice_note))
