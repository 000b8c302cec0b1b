"""Rows of small pictures that open their case."""

import streamlit as st

from core.contracts import Thumbnail
from pages._ui import context
from pages._ui.sidebar import page
from pages._ui.text import plain, shorten


def draw_thumbnails(items: tuple[Thumbnail, ...], columns: int) -> None:
    """Draw `items` in rows of `columns`; each links to its case."""
    for start in range(0, len(items), columns):
        for column, item in zip(st.columns(columns), items[start : start + columns], strict=False):
            with column, st.container(gap="xxsmall"):
                _draw_one(item)


def _draw_one(item: Thumbnail) -> None:
    if item.image is not None:
        st.image(item.image, width=72, alt=f"case {item.case}: {item.caption}")
    st.page_link(page("review"), label=plain(shorten(item.case, 24)), query_params=context.link(case=item.case))
    st.caption(plain(shorten(item.caption, 80)))
