"""Rows of small pictures that open their case."""

import streamlit as st

from core.contracts import Thumbnail
from pages._ui import context
from pages._ui.sidebar import page
from pages._ui.text import plain, shorten

WIDTH, WORDS_WIDTH = 104, 250
"""Width of one thumbnail with its link, in pixels: of a picture, and of words."""


def draw_thumbnails(items: tuple[Thumbnail, ...]) -> None:
    """Draw `items` side by side, as many in a row as fit; each links to its case."""
    with st.container(horizontal=True, gap="small"):
        for item in items:
            worded = item.image is None and bool(item.text)
            with st.container(width=WORDS_WIDTH if worded else WIDTH, gap="xxsmall", border=worded):
                _draw_one(item)


def _draw_one(item: Thumbnail) -> None:
    if item.image is not None:
        st.image(item.image, width=72, alt=f"case {item.case}: {item.caption}")
    elif item.text:
        st.text(shorten(item.text, 180))
    st.page_link(page("review"), label=plain(shorten(item.case, 24)), query_params=context.link(case=item.case))
    st.caption(plain(shorten(item.caption, 80)))
