"""Which case, and which question of it, is looked at on the what-if page."""

from __future__ import annotations

import streamlit as st

from core.contracts import TargetView, WhatIfCase
from pages._ui import context, reading
from pages._ui.services import get_services
from pages._ui.whatif_trial import current

OPEN = ("done", "read")
"""States of a case whose answer may be shown, best first."""


def pick_case(workspace: str) -> str | None:
    """Draw the picker; return the case of the address, else of the review page, else one that was read, else any."""
    rows = get_services().review.worklist(workspace, actor=context.actor()).rows
    states = {row.case: row.state for row in rows}
    name = st.query_params.get("case") or _on_review(workspace) or _first_read(states) or next(iter(states), None)
    if name is None:
        return None
    st.query_params["case"] = name
    trial = current()
    if trial is not None and "whatif_case" not in st.session_state:
        trial.enter()
    names = list(states) if name in states else [name, *states]
    st.session_state.whatif_case = name
    st.selectbox(
        "Case", names, key="whatif_case", on_change=_chosen, accept_new_options=True, width=420,
        format_func=lambda case: f"{case} · {states[case]}" if case in states else case,
    )  # fmt: skip
    return name


def _on_review(workspace: str) -> str | None:
    shown = reading.current()
    return shown.case if shown is not None and shown.workspace == workspace else None


def _first_read(states: dict[str, str]) -> str | None:
    return next((case for wanted in OPEN for case, state in states.items() if state == wanted), None)


def _chosen() -> None:
    name = st.session_state.whatif_case
    if name:
        st.query_params.from_dict(context.link(case=str(name).strip()))


def pick_target(case: WhatIfCase) -> TargetView:
    """Return the question that the parts below are about; draw a picker where there are several."""
    targets = {one.name: one for one in case.targets}
    if len(targets) == 1:
        return case.targets[0]
    name = st.selectbox(
        "Question", list(targets), key="whatif_target", format_func=lambda one: targets[one].title, width=420
    )
    return targets.get(name, case.targets[0])
