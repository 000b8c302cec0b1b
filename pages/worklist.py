"""Worklist: what waits, why it is next, the way into a case; and what readers differ on."""

import streamlit as st

from core.contracts import AdjudicationView
from pages._ui import context
from pages._ui.adjudication import asked_dispute, draw_differences
from pages._ui.guard import guarded, show_notice
from pages._ui.guard_panel import draw_banner
from pages._ui.queue import draw_queue
from pages._ui.services import get_services

CASES, DIFFERENCES = "Cases", "Differences"


def _part(view: AdjudicationView) -> str:
    """Draw what is looked at, where there is anything but cases: an address that names a dispute opens it."""
    known = any(one.same or one.overlap for one in view.agreement)
    if not (view.waiting or view.done or known or asked_dispute()):
        return CASES
    if asked_dispute() and "worklist_part" not in st.session_state:
        st.session_state.worklist_part = DIFFERENCES
    words = {CASES: CASES, DIFFERENCES: f"{DIFFERENCES} · {len(view.waiting):,}"}
    part = st.segmented_control(
        "Show what", list(words), default=None if "worklist_part" in st.session_state else CASES, key="worklist_part",
        format_func=words.__getitem__, required=True, label_visibility="collapsed",
    )  # fmt: skip
    return part or CASES


def _draw(workspace: str) -> None:
    draw_banner(workspace)
    show_notice()
    view = get_services().adjudication.view(workspace, actor=context.actor())
    if _part(view) == DIFFERENCES:
        draw_differences(view)
    else:
        draw_queue(workspace)


st.title("Worklist", anchor=False)
with guarded():
    name = context.workspace_name()
    if name is None:
        context.no_workspace()
    else:
        _draw(name)
