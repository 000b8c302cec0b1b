"""What this session looks at: workspace, case, actor. Sessions hold names only."""

from __future__ import annotations

import streamlit as st

from core.contracts import Actor
from core.errors import NotFound
from pages._ui.services import get_services
from pages._ui.text import plain

_WORKSPACE = "workspace"


def actor() -> Actor:
    """Return who acts in this session."""
    return get_services().default_actor


def workspace_name() -> str | None:
    """Return the workspace of the address, else of this session, else the first; None when there is none.

    Raises
    ------
    NotFound
        When the address names a workspace that does not exist.
    """
    names = get_services().workspaces.names()
    asked = st.query_params.get(_WORKSPACE)
    if asked and asked not in names:
        known = ", ".join(names) or "none yet"
        raise NotFound(f"There is no workspace called {asked!r}. Choose one in the sidebar ({known}).")
    kept = st.session_state.get(_WORKSPACE)
    name = asked or (kept if kept in names else None) or (names[0] if names else None)
    st.session_state[_WORKSPACE] = name
    return name


def looked_at() -> tuple[str | None, str | None]:
    """Return the workspace and, where the address names none that exists, what to say about that."""
    try:
        return workspace_name(), None
    except NotFound as error:
        return None, plain(str(error))


def asked_case(workspace: str) -> str | None:
    """Return the case of the address, else the next one, which the address then names; None when nothing waits."""
    name = st.query_params.get("case") or get_services().review.next_case(workspace, actor=actor())
    if name is not None:
        st.query_params["case"] = name
    return name


def go_to_workspace(name: str) -> None:
    """Look at another workspace: in this session and in the address."""
    st.session_state[_WORKSPACE] = name
    st.query_params.from_dict({_WORKSPACE: name})


def link(**names: str) -> dict[str, str]:
    """Return the query parameters of a link that stays in this workspace."""
    kept = st.session_state.get(_WORKSPACE)
    return ({_WORKSPACE: kept} if kept else {}) | names


def no_workspace() -> None:
    """Draw what to do while there is no workspace."""
    st.info("There is no workspace yet. Import one with the command below; this page shows it as soon as it is there.")
    st.code("python -m core import WORKSPACE.toml FOLDER", language=None)
