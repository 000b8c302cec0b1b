"""Team: whether person and model together beat either, for whom, and who should read what."""

import streamlit as st

from core.contracts import TeamView
from pages._ui import context
from pages._ui.guard import guarded, show_notice
from pages._ui.services import get_services
from pages._ui.team_cuts import draw_reliance, draw_switches
from pages._ui.team_deferral import asked_cost, draw_deferral
from pages._ui.team_experience import draw_experience
from pages._ui.team_gain import draw_gain


def _follow() -> None:
    st.query_params["target"] = st.session_state["team_target"]


def _pick(view: TeamView) -> None:
    if len(view.targets) > 1:
        st.session_state["team_target"] = view.target
        st.selectbox("Question", view.targets, key="team_target", on_change=_follow, width=320)


def _draw(workspace: str) -> None:
    with st.spinner("Putting reads, answers and verdicts side by side"):
        view = get_services().team.view(
            workspace, target=st.query_params.get("target"), hour_cost=asked_cost()
        )  # fmt: skip
    show_notice()
    _pick(view)
    with guarded():
        draw_gain(view)
    if view.rows:
        with guarded():
            draw_switches(view)
        with guarded():
            draw_reliance(view)
    if view.rows or view.curves:
        with guarded():
            draw_deferral(view)
    draw_experience(view)


st.title("Team", anchor=False)
with guarded():
    name = context.workspace_name()
    if name is None:
        context.no_workspace()
    else:
        _draw(name)
