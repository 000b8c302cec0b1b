"""Worklist: what waits, why it is next, and the way into a case."""

import pandas as pd
import streamlit as st

from core.contracts.views import QueueRow, WorklistView
from pages._ui import context
from pages._ui.format import when
from pages._ui.guard import guarded
from pages._ui.services import get_services
from pages._ui.sidebar import page
from pages._ui.text import count

STRATEGIES = {
    "margin": "where the model is torn between two answers",
    "entropy": "where the model is least sure overall",
    "random": "in random order",
}
STATES = ("waiting", "read", "held", "done")


def _open(case: str | None = None) -> None:
    st.switch_page(page("review"), query_params=context.link(**({"case": case} if case else {})))


def _controls(view: WorklistView) -> tuple[list[str], str]:
    open_next, states, search = st.columns([1, 1.6, 1.2], vertical_alignment="bottom")
    if open_next.button(
        "Open next", key="open_next", type="primary", shortcut="o", width="stretch", disabled=not view.waiting
    ):
        _open()
    kept = states.pills("Show", STATES, selection_mode="multi", default=["waiting", "read", "held"], key="queue_states")
    return kept, search.text_input("Find a case", key="queue_search", placeholder="part of a case's name")


def _rows(view: WorklistView, states: list[str], search: str) -> list[QueueRow]:
    wanted = search.strip().lower()
    return [r for r in view.rows if r.state.split(" ")[0] in states and wanted in r.case.lower()]


def _table(rows: list[QueueRow]) -> None:
    frame = pd.DataFrame(
        [(r.position, r.case, r.reason, r.state, when(r.waiting_since), r.reads) for r in rows],
        columns=["next", "case", "why", "state", "waiting since", "reads"],
    )
    chosen = st.dataframe(
        frame, hide_index=True, on_select="rerun", selection_mode="single-row", key="queue_table", height=420,
        alt="Cases in the order in which they are read; choose a row to open its case",
    )  # fmt: skip
    if chosen.selection.rows:
        _open(rows[chosen.selection.rows[0]].case)


def _draw(workspace: str) -> None:
    order = st.selectbox("Order", list(STRATEGIES), format_func=STRATEGIES.__getitem__, key="queue_strategy")
    view = get_services().review.worklist(workspace, actor=context.actor(), strategy=order)
    st.progress(
        view.done / view.total if view.total else 0.0, text=f"{view.done:,} of {count(view.total, 'case')} done"
    )
    rows = _rows(view, *_controls(view))
    if rows:
        _table(rows)
    else:
        st.info("No case fits. Nothing waits, or the filters above leave nothing.")


st.title("Worklist", anchor=False)
with guarded():
    name = context.workspace_name()
    if name is None:
        context.no_workspace()
    else:
        _draw(name)
