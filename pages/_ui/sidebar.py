"""The sidebar: workspace, pages with what waits, what serves, who acts."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.contracts import HomeView
from pages._ui import context
from pages._ui.guard import guarded
from pages._ui.keys import listen_early
from pages._ui.services import get_services
from pages._ui.text import plain

FOLDER = Path(__file__).resolve().parents[1]
PAGES = (
    ("home", "Home"),
    ("worklist", "Worklist"),
    ("review", "Review"),
    ("whatif", "What if"),
    ("trust", "Trust"),
    ("fairness", "Fairness"),
    ("team", "Team"),
    ("retraining", "Retraining"),
    ("audit", "Audit"),
)


def page(name: str) -> str:
    """Return the file of a page, as links and switches want it."""
    return str(FOLDER / f"{name}.py")


def _chosen() -> None:
    context.go_to_workspace(st.session_state.workspace_select)


def _select(names: tuple[str, ...], current: str | None) -> None:
    if current in names:
        st.session_state.workspace_select = current
    st.selectbox("Workspace", names, key="workspace_select", on_change=_chosen, disabled=not names)


def _waiting(view: HomeView | None, name: str) -> str:
    if view is None:
        return ""
    number = {"worklist": view.waiting, "retraining": len(view.candidates)}.get(name, 0)
    return f" · {number:,}" if number else ""


@st.fragment(run_every=15)
def _links(current: str | None) -> None:
    """Draw the pages with what waits in them; drawn again by itself, because people and the worker change it."""
    with guarded():
        services = get_services()
        who = services.default_actor
        view = services.workspaces.home(current, actor=who) if current else None
        for name, title in PAGES:
            st.page_link(page(name), label=title + _waiting(view, name), query_params=context.link())
        st.divider()
        champion = view.champion if view else None
        st.caption(f"champion {plain(champion)}" if champion else "no champion yet")
        st.caption(f"you: {plain(who.name or who.id)}")


def draw_sidebar(current: str | None) -> None:
    """Draw the sidebar of every page; `current` is the workspace, or None when the address names no known one."""
    body, foot = st.sidebar.container(), st.sidebar.container()
    with foot:
        listen_early()
    with body:
        _select(get_services().workspaces.names(), current)
        _links(current)
