"""Marks to look at before they train a model: what is odd, why it matters, and the cases to open."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.contracts import MarkProblem, MarkWarning, Thumbnail
from pages._ui import context
from pages._ui.sidebar import page
from pages._ui.text import count, plain, shorten

SHOWN = 4
"""Cases of a warning that are shown at once; the rest is one click away."""
MOST = 24
SHAPES: Mapping[MarkProblem, str] = {
    "oversized": ":material/zoom_out_map:",
    "misplaced": ":material/wrong_location:",
    "contradictory": ":material/compare_arrows:",
}
TITLES: Mapping[MarkProblem, str] = {
    "oversized": "Larger than what is there",
    "misplaced": "Not where or what the others are",
    "contradictory": "Says two things",
}


def draw_warnings(warnings: tuple[MarkWarning, ...], thumbnails: tuple[Thumbnail, ...]) -> None:
    """Draw the warnings as a list; nothing when there are none. `thumbnails` are the marked cases with a picture."""
    if not warnings:
        return
    pictures = {item.case: item for item in thumbnails}
    with st.container(border=True, key="mark_warnings", gap="small"):
        st.markdown(f"**{count(len(warnings), 'thing')} to look at before training**")
        for place, warning in enumerate(warnings):
            _draw_one(warning, pictures, place)


def _draw_one(warning: MarkWarning, pictures: Mapping[str, Thumbnail], place: int) -> None:
    with st.container(gap="xxsmall", key=f"mark_warning_{place}"):
        st.markdown(f"{SHAPES[warning.problem]} **{TITLES[warning.problem]}** · {plain(warning.words)}")
        _cases(warning.cases[:SHOWN], pictures)
        rest = warning.cases[SHOWN:]
        if rest:
            with st.expander(f"{count(len(rest), 'further case')}"):
                _cases(rest[:MOST], {})
                if len(rest) > MOST:
                    st.caption(f"and {len(rest) - MOST:,} more")


def _cases(cases: tuple[str, ...], pictures: Mapping[str, Thumbnail]) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        for case in cases:
            with st.container(width="content", gap="xxsmall"):
                picture = pictures.get(case)
                if picture is not None and picture.image is not None:
                    st.image(picture.image, width=56, alt=f"case {case} with its mark")
                st.page_link(
                    page("review"), label=plain(shorten(case, 24)), query_params=context.link(case=case),
                    width="content",
                )  # fmt: skip
