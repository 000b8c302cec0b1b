"""The grid of proposals: each with its picture or words, and whether it is right."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.contracts import Proposal, ProposalStatus, SpreadView
from pages._ui import context
from pages._ui.format import likelihood
from pages._ui.guard import acting
from pages._ui.services import get_services
from pages._ui.text import plain, shorten

CELL = 176
"""Width of one proposal in pixels: its two buttons side by side."""
PAGE = "spread_page"
STATES: Mapping[ProposalStatus, str] = {
    "open": ":material/radio_button_unchecked: open",
    "accepted": ":material/check_circle: right",
    "rejected": ":material/cancel: wrong",
}


def shown_page(workspace: str, view: SpreadView) -> tuple[Proposal, ...]:
    """Return the proposals to show: those of this page stay in place until the last of them is decided."""
    known = {item.id: item for item in view.proposals}
    which, ids = st.session_state.get(PAGE, (None, ()))
    kept = tuple(known[number] for number in ids if number in known)
    same = which == (workspace, view.artefact) and len(kept) == len(ids)
    if not same or all(item.status != "open" for item in kept):
        kept = tuple(item for item in view.proposals if item.status == "open")
        st.session_state[PAGE] = ((workspace, view.artefact), tuple(item.id for item in kept))
    return kept


def _decide(workspace: str, artefact: str, right: tuple[int, ...], wrong: tuple[int, ...]) -> None:
    with acting():
        get_services().spread.decide(workspace, artefact, actor=context.actor(), right=right, wrong=wrong)


def draw_grid(workspace: str, artefact: str, shown: tuple[Proposal, ...]) -> None:
    """Draw a page of proposals, surest first."""
    if not shown:
        return
    with st.container(horizontal=True, gap="small", key="spread_grid"):
        for item in shown:
            with st.container(width=CELL, gap="xxsmall", border=True):
                _draw_one(workspace, artefact, item)
    waiting = tuple(item.id for item in shown if item.status == "open")
    st.button(
        f"All {len(waiting)} open ones on this page are right", key="spread_all_right", icon=":material/checklist:",
        on_click=_decide, args=(workspace, artefact, waiting, ()), disabled=not waiting,
    )  # fmt: skip


def _draw_one(workspace: str, artefact: str, item: Proposal) -> None:
    if item.thumbnail.image is not None:
        st.image(item.thumbnail.image, width=120, alt=f"case {item.case} with the proposed mark")
    else:
        st.text(shorten(item.thumbnail.text, 120))
    st.caption(f"{plain(shorten(item.case, 22))} · {likelihood(item.probability)}")
    st.markdown(STATES[item.status])
    with st.container(horizontal=True, gap="xxsmall"):
        st.button(
            "Right", key=f"spread_right_{item.id}", on_click=_decide, args=(workspace, artefact, (item.id,), ()),
            type="primary" if item.status == "accepted" else "secondary",
        )  # fmt: skip
        st.button(
            "Wrong", key=f"spread_wrong_{item.id}", on_click=_decide, args=(workspace, artefact, (), (item.id,)),
            type="primary" if item.status == "rejected" else "secondary",
        )  # fmt: skip
