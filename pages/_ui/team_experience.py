"""How experienced readers are, by pseudonym."""

from __future__ import annotations

import streamlit as st

from core.contracts import TeamView
from pages._ui import context
from pages._ui.guard import acting
from pages._ui.services import get_services


def draw_experience(view: TeamView) -> None:
    """Draw how a lead notes how experienced a reader is; figures are then compared by it."""
    if not view.experiences:
        return
    known = dict(view.experiences)
    with st.expander("How experienced readers are", key="team_experiences"):
        reader = st.selectbox(
            "Reader", list(known), key="team_reader", width=220,
            format_func=lambda name: f"{name} · {known[name]}" if known.get(name) else str(name),
        )  # fmt: skip
        with (
            st.form("team_experience", border=False),
            st.container(horizontal=True, vertical_alignment="bottom", gap="small"),
        ):
            st.text_input(
                "Experience", known.get(reader, ""), key=f"team_experience_{reader}", max_chars=60, width=260,
                placeholder="resident, specialist, ...",
            )  # fmt: skip
            given = (view.workspace, reader)
            st.form_submit_button("Note", key="team_experience_save", on_click=_save, args=given)
        st.caption("Readers have pseudonyms here. A lead knows who is who; the page does not say.")


def _save(workspace: str, reader: str) -> None:
    with acting():
        words = st.session_state.get(f"team_experience_{reader}", "")
        get_services().team.set_experience(workspace, reader, words, actor=context.actor())
