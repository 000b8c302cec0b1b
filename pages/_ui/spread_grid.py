"""The grid of proposals: each with its picture or words, and whether it is right."""

from __future__ import annotations

import streamlit as st

from core.contracts import Proposal, ProposalStatus, SpreadView
from pages._ui import context
from pages._ui.format import percent
from pages._ui.guard import acting
from pages._ui.services import get_services
from pages._ui.text import plain, shorten

CELL, PICTURE = 168, 96
"""Width of one proposal and of its picture, in pixels: its two buttons side by side, one of them with a tick."""
PAGE = "spread_page"


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
            with st.container(width=CELL, gap="xxsmall"):
                _draw_one(workspace, artefact, item)
    waiting = tuple(item.id for item in shown if item.status == "open")
    st.button(
        f"All {len(waiting)} open ones on this page are right", key="spread_all_right", icon=":material/checklist:",
        on_click=_decide, args=(workspace, artefact, waiting, ()), disabled=not waiting,
    )  # fmt: skip


def _draw_one(workspace: str, artefact: str, item: Proposal) -> None:
    if item.thumbnail.image is not None:
        st.image(item.thumbnail.image, width=PICTURE, alt=f"case {item.case} with the proposed mark")
    else:
        st.text(shorten(item.thumbnail.text, 120))
    st.caption(f"{plain(shorten(item.case, 18))} · {percent(item.probability)}")
    with st.container(horizontal=True, gap="xxsmall"):
        _button(workspace, artefact, item, "Right", "accepted")
        _button(workspace, artefact, item, "Wrong", "rejected")


def _button(workspace: str, artefact: str, item: Proposal, word: str, status: ProposalStatus) -> None:
    """Draw one answer; the one that was given is filled and has a tick."""
    given, ids = item.status == status, (item.id,)
    right, wrong = (ids, ()) if status == "accepted" else ((), ids)
    st.button(
        word, key=f"spread_{word.lower()}_{item.id}", type="primary" if given else "secondary",
        icon=":material/check:" if given else None, on_click=_decide, args=(workspace, artefact, right, wrong),
    )  # fmt: skip
