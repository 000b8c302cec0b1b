"""Subgroups in which a version is worse than elsewhere, as a table with links to some of their cases."""

from __future__ import annotations

import streamlit as st

from core.contracts import SliceView
from pages._ui import context
from pages._ui.download import Numbers, download_numbers
from pages._ui.format import estimate, interval, number, signed
from pages._ui.sidebar import page
from pages._ui.text import plain, shorten

LINKS = 5
WIDTHS = [2.2, 1.7, 1.6, 1.5]


def draw_slice_table(slices: tuple[SliceView, ...], *, key: str, error: str = "wrong") -> None:
    """Draw subgroups with their error (called `error`), its excess, and links to cases; `key` begins all keys."""
    for column, words in zip(
        st.columns(WIDTHS, gap="small", wrap=False), ("cases where", error, "difference", "open"), strict=True
    ):
        column.caption(words)
    for place, one in enumerate(slices):
        _slice(one, f"{key}_cases_{place}")
    download_numbers(_slice_numbers(slices), key=f"{key}s", name=f"{key}s")


def _slice(one: SliceView, key: str) -> None:
    words, error, difference, cases = st.columns(WIDTHS, gap="small", vertical_alignment="center", wrap=False)
    words.markdown(f"**{plain(shorten(one.words, 220))}**")
    error.text(estimate(one.error))
    error.caption(f"elsewhere {estimate(one.elsewhere)}")
    difference.text(f"{signed(one.difference.value)} {interval(one.difference.low, one.difference.high)}")
    difference.caption(f"p {number(one.p_value) if one.p_value >= 0.001 else '< 0.001'}")
    with cases, st.container(horizontal=True, gap="xsmall", key=key):
        for case in one.cases[:LINKS]:
            st.page_link(
                page("review"), label=plain(shorten(case, 16)), query_params=context.link(case=case), width="content"
            )  # fmt: skip


def _slice_numbers(slices: tuple[SliceView, ...]) -> Numbers:
    rows = tuple(
        (one.words, one.error.value, one.error.low, one.error.high, one.error.n, one.elsewhere.value, one.elsewhere.n,
         one.difference.value, one.difference.low, one.difference.high, one.p_value)
        for one in slices
    )  # fmt: skip
    return Numbers(
        ("cases where", "wrong", "low", "high", "n", "wrong elsewhere", "n elsewhere", "difference", "difference low",
         "difference high", "p"), rows,
    )  # fmt: skip
