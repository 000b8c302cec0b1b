"""Home: what needs me, what serves, how good it is, the way on."""

import streamlit as st

from core.contracts import HomeView
from pages._ui import context
from pages._ui.figures import draw_figures
from pages._ui.format import when
from pages._ui.guard import guarded, show_notice
from pages._ui.guard_panel import draw_banner, draw_guard
from pages._ui.progress import draw_progress
from pages._ui.services import get_services
from pages._ui.sidebar import page
from pages._ui.text import count, plain


def _needs_me(view: HomeView) -> None:
    st.header("What needs you", anchor=False)
    for alarm in view.alarms:
        st.warning(plain(alarm), icon=":material/warning:")
    next_of = f"Open the next of {count(view.waiting, 'waiting case')}"
    if view.waiting and st.button(next_of, type="primary", key="home_next", shortcut="o"):
        st.switch_page(page("review"), query_params=context.link())
    if view.candidates:
        words = f"{count(len(view.candidates), 'candidate')} at the gate: {', '.join(view.candidates)}"
        st.page_link(page("retraining"), label=plain(words), query_params=context.link())
    if not (view.waiting or view.candidates or view.alarms):
        st.write("Nothing waits. New cases appear here when they are imported.")


def _serves(view: HomeView) -> None:
    st.header("What serves", anchor=False)
    if view.champion is None:
        st.write("No version serves yet.")
        return
    since = f"since {when(view.champion_since)}" if view.champion_since else ""
    by = f"promoted by {plain(view.champion_by)}" if view.champion_by else "trained at import"
    st.write(f"**{plain(view.champion)}** {since}, {by}.")
    st.caption(f"{count(view.cases, 'case')} · {count(view.verdicts, 'verdict')} so far")


@st.fragment(run_every=2)
def _preparing(workspace: str) -> None:
    with guarded():
        view = get_services().workspaces.home(workspace, actor=context.actor())
        if view.preparing is None:
            st.rerun()
        st.info("The first model is being prepared. You can look around; the worklist opens when it is ready.")
        draw_progress(view.preparing)


def _draw(workspace: str) -> None:
    view = get_services().workspaces.home(workspace, actor=context.actor())
    st.title(view.title, anchor=False)
    if view.description:
        st.text(view.description)
    show_notice()
    draw_banner(workspace)
    if view.preparing is not None:
        _preparing(workspace)
    if view.is_new and view.tour:
        with st.container(border=True, key="tour"):
            st.markdown(view.tour)
    left, right = st.columns(2, gap="large")
    with left:
        _needs_me(view)
    with right:
        _serves(view)
    draw_figures(view.figures)
    with guarded():
        draw_guard(workspace)


with guarded():
    name = context.workspace_name()
    if name is None:
        st.title("Home", anchor=False)
        context.no_workspace()
    else:
        _draw(name)
