"""The workbench's entry: registers the pages, draws the sidebar, runs the page of the address."""

from pathlib import Path

import streamlit as st

from pages._ui import context
from pages._ui.guard import guarded
from pages._ui.sidebar import PAGES, draw_sidebar, page

st.set_page_config(page_title="Tandem", page_icon=":material/join_inner:", layout="wide")
st.html(Path(__file__).parents[1] / "assets" / "styles" / "page.css")

chosen = st.navigation(
    [st.Page(page(name), title=title, url_path=name, default=name == "home") for name, title in PAGES],
    position="hidden",
)
known = False
with guarded():
    try:
        draw_sidebar(context.workspace_name())
        known = True
    finally:
        if not known:
            draw_sidebar(None)
if known:
    chosen.run()
