"""What if: change the inputs of a case and see what the model answers then."""

import streamlit as st

from core.contracts import WhatIfCase
from core.errors import Refused
from pages._ui import context
from pages._ui.guard import guarded, show_notice
from pages._ui.services import get_services
from pages._ui.sidebar import page
from pages._ui.text import plain
from pages._ui.whatif_answer import draw_answers, draw_changes, draw_seen
from pages._ui.whatif_case import pick_case, pick_target
from pages._ui.whatif_controls import draw_controls
from pages._ui.whatif_counterfactuals import draw_counterfactuals
from pages._ui.whatif_evidence import draw_evidence
from pages._ui.whatif_similar import draw_similar
from pages._ui.whatif_trial import begin, keep_in_address


def _draw(case: WhatIfCase) -> None:
    trial = begin(case)
    left, right = st.columns([1.1, 1], gap="large")
    with left, st.container(key="whatif_controls", gap="small"):
        draw_controls(case, trial)
    keep_in_address(trial, case)
    view = None
    with right:
        show_notice()
        with guarded():
            view = get_services().whatif.predict(case.workspace, case.case, trial.edits, actor=context.actor())
            draw_answers(case, view)
        draw_changes(case, trial)
        if view is not None:
            draw_seen(view, trial)
    target = pick_target(case)
    if view is not None:
        draw_evidence(case, view, trial, target.name)
    draw_counterfactuals(case, trial, target)
    draw_similar(case, trial, target)


@st.fragment
def _case(workspace: str) -> None:
    with guarded():
        name = pick_case(workspace)
        if name is None:
            st.info("There is no case yet. Import some; this page then shows what would change their answers.")
            return
        try:
            case = get_services().whatif.open(workspace, name, actor=context.actor())
        except Refused as refused:
            st.info(plain(str(refused)))
            st.page_link(page("review"), label="Go to your read", query_params=context.link(case=name))
            return
        _draw(case)


st.title("What if", anchor=False)
with guarded():
    name = context.workspace_name()
    if name is None:
        context.no_workspace()
    else:
        _case(name)
