"""The cases that wait, in the order in which they are read."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.contracts import QueueRow, QueueStrategy, WorklistView
from pages._ui import context
from pages._ui.format import when
from pages._ui.services import get_services
from pages._ui.sidebar import page
from pages._ui.text import count

STRATEGIES: dict[QueueStrategy, str] = {
    "margin": "first where the model is torn between two answers",
    "entropy": "first where the model is least sure overall",
    "random": "in random order",
}
STATES = ("waiting", "read", "held", "done")


def draw_queue(workspace: str) -> None:
    """Draw the worklist: order, next case, progress, filters, table."""
    act, order = st.columns([1, 2], vertical_alignment="bottom")
    with order:
        strategy = _order()
    view = get_services().review.worklist(workspace, actor=context.actor(), strategy=strategy)
    if act.button("Open next", key="open_next", type="primary", shortcut="o", disabled=not view.waiting):
        _open()
    done = view.done / view.total if view.total else 0.0
    st.progress(done, text=f"{view.done:,} of {count(view.total, 'case')} done")
    _batch(view)
    rows = _rows(view, *_filters())
    if rows:
        _table(rows)
    else:
        st.info("No case fits. Nothing waits, or the filters above leave nothing.")


def _open(case: str | None = None) -> None:
    st.switch_page(page("review"), query_params=context.link(**({"case": case} if case else {})))


def _order() -> QueueStrategy:
    names: list[QueueStrategy] = list(STRATEGIES)
    return st.selectbox("Order", names, format_func=STRATEGIES.__getitem__, key="queue_strategy")


def _batch(view: WorklistView) -> None:
    """Say how many are listed where the order must tell nothing of the model."""
    listed = sum(row.position > 0 for row in view.rows)
    if 0 < listed < view.waiting and view.blind:
        st.caption(
            f"The next {listed} of {view.waiting:,} that wait, in random order and some drawn at random, so that no "
            "place tells where the model is torn. More follow as these are read."
        )


def _filters() -> tuple[list[str], str]:
    states, search = st.columns([1, 1], vertical_alignment="bottom")
    kept = states.pills("Show", STATES, selection_mode="multi", default=STATES[:3], key="queue_states")
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
        frame, hide_index=True, on_select="rerun", selection_mode=("single-row", "single-cell"), key="queue_table",
        height=420, alt="Cases in the order in which they are read; choose one to open it",
    )  # fmt: skip
    places = [*chosen.selection.rows, *(row for row, _ in chosen.selection.cells)]
    if places:
        _open(rows[places[0]].case)
