"""Review: your read, the model, your verdict; one case in one place."""

import streamlit as st

from core.contracts.views import CaseView, EvidenceView
from pages._ui import context
from pages._ui.boxes import draw_model, draw_next, draw_read, draw_verdict
from pages._ui.guard import guarded, show_notice
from pages._ui.keys import draw_keys, show_help
from pages._ui.reading import Reading, begin, current, opening
from pages._ui.services import get_services
from pages._ui.sidebar import page
from pages._ui.text import plain, shorten
from pages._ui.viewer import draw_quality, draw_viewer


def _header(case: CaseView) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="review_header"):
        st.title("Review", anchor=False, width="content")
        place = f"{case.position} of {case.waiting} waiting" if case.position else "not waiting"
        held = f" · held by {plain(case.claimed_by)}" if case.claimed_by else ""
        st.markdown(
            f"case **{plain(shorten(case.name, 40))}** · {place}{held} · why next: {plain(shorten(case.why, 80))}",
            wrap=False,
        )
        if st.button("keys", key="keys_help", shortcut="F1", type="tertiary"):
            show_help()


def _evidence(case: CaseView, reading: Reading) -> EvidenceView | None:
    if reading.method is None or not case.read_done:
        return None
    target = reading.evidence_target or case.targets[0].name
    with st.spinner("measuring where a change would matter"):
        found = get_services().review.explain(
            case.workspace, case.name, target, actor=context.actor(), method=reading.method
        )
    reading.remember(f"evidence:{reading.method}")
    return found


def _boxes(case: CaseView, reading: Reading) -> None:
    draw_read(case)
    if case.read_done:
        reveal = get_services().review.reveal(case.workspace, case.name, actor=context.actor())
        reading.remember("prediction")
        draw_model(case, reveal)
        draw_verdict(case, reveal, reading)
    else:
        draw_next(case)
    show_notice()


@st.fragment
def _case(workspace: str) -> None:
    reading = current()
    if reading is not None and reading.refresh:
        reading.refresh = False
        st.rerun()
    with guarded():
        name = context.asked_case(workspace)
        if name is None:
            st.title("Review", anchor=False)
            st.info("Nothing waits. Every case has a verdict; retraining shows what was learnt from them.")
            st.page_link(page("retraining"), label="Go to retraining", query_params=context.link())
            return
        case = get_services().review.open(workspace, name, actor=context.actor())
        reading = begin(case)
        _header(case)
        with st.form("review", border=False, enter_to_submit=False):
            left, right = st.columns([1.1, 1], gap="medium")
            with right:
                _boxes(case, reading)
            with left, guarded():
                found = _evidence(case, reading)
                draw_viewer(case, opening(reading, case), found)
                draw_quality(found)
        draw_keys(case, opening(reading, case))


with guarded():
    name = context.workspace_name()
    if name is None:
        st.title("Review", anchor=False)
        context.no_workspace()
    else:
        _case(name)
