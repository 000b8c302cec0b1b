"""Review: your read, the model, your verdict; one case in one place."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.contracts import CaseView
from pages._ui import context
from pages._ui.boxes import draw_model, draw_read, draw_verdict, draw_withheld
from pages._ui.evidence import Model, ask_evidence, draw_quality
from pages._ui.evidence_panel import draw_details
from pages._ui.guard import guarded, show_notice
from pages._ui.guard_panel import draw_banner
from pages._ui.header import draw_about, draw_title
from pages._ui.reading import Reading, begin, opening
from pages._ui.services import get_services
from pages._ui.sidebar import page
from pages._ui.slots import slot
from pages._ui.viewer import draw_viewer


def _boxes(case: CaseView, reading: Reading) -> Model | None:
    """Draw what is due on the right; return what may be known of the model, if anything is."""
    draw_read(case)
    show_notice()
    if not case.read_done:
        return None
    services, who = get_services(), context.actor()
    reveal = services.review.reveal(case.workspace, case.name, actor=who)
    if reveal.withheld:
        if reveal.prediction.version:  # that it has no objection tells something too
            reading.remember("no objection")
        draw_withheld(reveal)
        draw_verdict(case, reveal, reading)
        return None
    reading.remember("prediction")
    model = Model(reveal, services.evidence.methods(case.workspace, case.name, actor=who) if reveal.methods else ())
    draw_model(case, reveal, model.methods, reading)
    draw_verdict(case, reveal, reading)
    return model


def _draw(case: CaseView, top: DeltaGenerator) -> None:
    reading, model = begin(case), None
    draw_about(case, reading, top)
    with st.form("review", border=False, enter_to_submit=False):
        left, right = st.columns([1.25, 1], gap="small")
        with right, slot(reading.turn), guarded():
            model = _boxes(case, reading)
        with left, st.container(gap="xsmall"):
            asked = ask_evidence(case, reading, model)
            draw_viewer(case, opening(reading, case), asked.view)
            draw_quality(case, asked)
    with slot(reading.turn):
        if asked.shown is not None:
            draw_details(asked.shown)


@st.fragment
def _case(workspace: str) -> None:
    top = draw_title()
    with guarded():
        draw_banner(workspace)
        name = context.asked_case(workspace)
        if name is None:
            st.info("Nothing waits: every case has a verdict. Retraining shows what can be learnt from them.")
            st.page_link(page("retraining"), label="Go to retraining", query_params=context.link())
            return
        _draw(get_services().review.open(workspace, name, actor=context.actor()), top)


with guarded():
    name = context.workspace_name()
    if name is None:
        st.title("Review", anchor=False)
        context.no_workspace()
    else:
        _case(name)
