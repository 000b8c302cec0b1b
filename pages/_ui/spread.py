"""Spreading marks: where else marked content stands, to tick, and to accept together."""

from __future__ import annotations

import streamlit as st

from core.contracts import Artefact, SpreadView
from pages._ui import context
from pages._ui.format import estimate, number
from pages._ui.guard import acting, guarded
from pages._ui.progress import draw_progress
from pages._ui.services import get_services
from pages._ui.spread_grid import draw_grid, shown_page
from pages._ui.text import count, plain, shorten

SHOWN = 24
"""Open proposals on a page."""
LEVEL = 0.9
"""What is chosen at first; the services offer it."""


def draw_spread(workspace: str, artefacts: tuple[Artefact, ...]) -> None:
    """Draw the search for an artefact in other cases, and what it found."""
    st.header("Find it in other cases", anchor=False)
    if not artefacts:
        st.write(
            "Nothing to look for yet. Mark what the model should not use on a few cases and give it a name; then the "
            "other cases that carry it can be found, and one mark counts for many."
        )
        return
    names = [item.name for item in artefacts]
    counts = {item.name: item for item in artefacts}
    chosen = st.selectbox(
        "Marked content", names, key="spread_artefact",
        format_func=lambda name: f"{shorten(name, 60)} · {_counts(counts[name])}",
    )  # fmt: skip
    _live(workspace, chosen)


def _counts(artefact: Artefact) -> str:
    spread = f", {artefact.spread:,} spread" if artefact.spread else ""
    return f"{count(artefact.marks, 'mark')}{spread}"


def _search(workspace: str, artefact: str) -> None:
    with acting():
        get_services().spread.search(workspace, artefact, actor=context.actor())


def _cancel(workspace: str, artefact: str) -> None:
    with acting():
        get_services().spread.cancel(workspace, artefact, actor=context.actor())


def _accept(workspace: str, artefact: str) -> None:
    with acting():
        least = float(st.session_state["spread_level"])
        get_services().spread.accept_above(workspace, artefact, least, actor=context.actor())


def _undo(workspace: str, artefact: str) -> None:
    with acting():
        get_services().spread.reopen(workspace, artefact, actor=context.actor())


def _live(workspace: str, artefact: str) -> None:
    """Draw the section; while a search is under way it follows itself once a second."""
    with guarded():
        busy = get_services().spread.view(workspace, artefact, limit=1).progress is not None
        st.fragment(_section, run_every=1 if busy else None)(workspace, artefact, busy)


def _section(workspace: str, artefact: str, busy: bool) -> None:
    with guarded():
        view = get_services().spread.view(workspace, artefact, limit=SHOWN)
        if busy != (view.progress is not None):
            st.rerun()
        st.caption(plain(view.words))
        if view.progress is not None:
            draw_progress(view.progress)
            st.button("Cancel the search", key="spread_cancel", on_click=_cancel, args=(workspace, artefact))
        else:
            label = "Search again" if view.searched else "Find it in other cases"
            kind = "secondary" if view.searched else "primary"
            st.button(
                label, key="spread_search", type=kind, icon=":material/search:", on_click=_search,
                args=(workspace, artefact),
            )  # fmt: skip
        _draw_found(workspace, view)


def _draw_found(workspace: str, view: SpreadView) -> None:
    if not (view.open or view.accepted or view.rejected):
        return
    shown = shown_page(workspace, view)
    draw_grid(workspace, view.artefact, shown)
    _draw_counts(workspace, view)
    if view.open:
        _draw_accept(workspace, view)


def _draw_counts(workspace: str, view: SpreadView) -> None:
    with st.container(horizontal=True, gap="medium", vertical_alignment="center", key="spread_counts"):
        st.markdown(
            f":material/check_circle: **{view.accepted:,}** accepted  ·  "
            f":material/cancel: **{view.rejected:,}** rejected  ·  "
            f":material/radio_button_unchecked: **{view.open:,}** open",
            width="content",
        )
        st.button(
            "Undo", key="spread_undo", icon=":material/undo:", on_click=_undo, args=(workspace, view.artefact),
            disabled=not (view.accepted or view.rejected), help="Takes the last decision back.",
        )  # fmt: skip
    if view.precision is not None:
        st.write(f"Right among the open ones, told from those you looked at: {estimate(view.precision)}.")
    if view.expected_precision is not None:
        st.caption(f"The search itself expects {number(view.expected_precision)} of the open ones to be right.")


def _draw_accept(workspace: str, view: SpreadView) -> None:
    levels = {level.least: level for level in view.levels}
    least = st.segmented_control(
        "Accept together those with a probability of at least", list(levels), default=LEVEL, required=True,
        key="spread_level", format_func=lambda value: f"{value:g}",
    )  # fmt: skip
    level = levels[LEVEL if least is None else least]
    precision = f"; right: {estimate(level.precision)}" if level.precision else ""
    st.write(f"{count(level.open, 'open proposal')} of at least {level.least:g}{precision}.")
    st.button(
        f"Accept {level.open:,} at or above {level.least:g}", key="spread_accept_above", icon=":material/done_all:",
        on_click=_accept, args=(workspace, view.artefact), disabled=level.refusal is not None,
    )  # fmt: skip
    if level.refusal is not None:
        st.caption(plain(level.refusal))
