"""Fairness: for whom a version is better or worse, and what can be done about it."""

import streamlit as st

from core.contracts import FairnessView
from pages._ui import context
from pages._ui.fairness_groups import draw_groups
from pages._ui.fairness_slices import draw_slices
from pages._ui.guard import guarded, show_notice
from pages._ui.services import get_services
from pages._ui.trade_off import draw_trade_off


def _follow(name: str) -> None:
    st.query_params[name] = st.session_state[f"fairness_{name}"]


def _pick(view: FairnessView, attribute: str | None) -> None:
    with st.container(horizontal=True, gap="small"):
        for name, title, options, chosen in (
            ("version", "Version", view.versions, view.version),
            ("target", "Question", view.targets, view.target),
            ("positive", "Positive class", view.classes, view.positive),
            ("attribute", "Groups of", tuple(one.attribute for one in view.attributes), attribute),
        ):
            if len(options) > 1 or name == "version":
                st.session_state[f"fairness_{name}"] = chosen
                said = view.words if name == "positive" else str
                st.selectbox(
                    title, options, key=f"fairness_{name}", on_change=_follow, args=(name,), width=220,
                    format_func=said,
                )  # fmt: skip


def _draw(workspace: str) -> None:
    asked = {name: st.query_params.get(name) for name in ("version", "target", "positive")}
    with st.spinner("Comparing groups on every case of the ledger; the first time takes a while"):
        view = get_services().fairness.view(workspace, **asked)
    show_notice()
    if view.version is None:
        st.info("No version serves yet. This page compares groups as soon as one is trained.")
        return
    known = tuple(one.attribute for one in view.attributes)
    wished = st.query_params.get("attribute")
    attribute = wished if wished in known else known[0] if known else None
    _pick(view, attribute)
    with guarded():
        draw_groups(view, attribute)
    with guarded():
        draw_slices(view)
    with guarded():
        draw_trade_off(view, attribute)


st.title("Fairness", anchor=False)
with guarded():
    name = context.workspace_name()
    if name is None:
        context.no_workspace()
    else:
        _draw(name)
