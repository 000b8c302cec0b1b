"""Trust: how far a version and its explanations can be trusted."""

import streamlit as st

from core.contracts import TrustView
from pages._ui import context
from pages._ui.coverage import draw_coverage
from pages._ui.figures import draw_figures
from pages._ui.guard import guarded, show_notice
from pages._ui.services import get_services
from pages._ui.trust_answers import draw_answers
from pages._ui.trust_errors import draw_errors
from pages._ui.trust_report import draw_report
from pages._ui.trust_robustness import draw_robustness
from pages._ui.trust_run import draw_run


def _follow(name: str) -> None:
    st.query_params[name] = st.session_state[f"trust_{name}"]


def _pick(view: TrustView) -> None:
    with st.container(horizontal=True, gap="small"):
        for name, title, options, chosen in (
            ("version", "Version", view.versions, view.version),
            ("target", "Question", view.targets, view.target),
        ):
            if name == "version" or len(options) > 1:
                st.session_state[f"trust_{name}"] = chosen
                st.selectbox(title, options, key=f"trust_{name}", on_change=_follow, args=(name,), width=320)


def _draw(workspace: str) -> None:
    asked = {name: st.query_params.get(name) for name in ("version", "target")}
    with st.spinner("Looking at every case of the ledger; the first time takes a while"):
        view = get_services().trust.view(workspace, **asked)
    show_notice()
    if view.version is None:
        st.info("No version serves yet. This page shows how far one can be trusted as soon as it is trained.")
        return
    _pick(view)
    draw_figures(view.figures)
    with st.container(key="explanation_quality"):
        st.header("Quality of explanations", anchor=False)
        draw_run(view)
        with guarded():
            draw_report(view)
    with guarded():
        draw_answers(view)
    with guarded():
        draw_coverage(workspace, view.version, view.target)
    with guarded():
        draw_errors(view)
    with guarded():
        draw_robustness(workspace, view.version, view.target)


st.title("Trust", anchor=False)
with guarded():
    name = context.workspace_name()
    if name is None:
        context.no_workspace()
    else:
        _draw(name)
