"""The workbench's entry: registers the pages, draws the sidebar, runs the page of the address."""

from pathlib import Path

import streamlit as st

from pages._ui import context
from pages._ui.guard import guarded
from pages._ui.sidebar import PAGES, draw_sidebar, page

STYLES = Path(__file__).resolve().parents[1] / "assets" / "styles"

st.set_page_config(page_title="Tandem", page_icon=STYLES / "icon.svg", layout="wide")
st.logo(STYLES / "tandem.svg", size="medium")
st.html(STYLES / "page.css")

chosen = st.navigation(
    [st.Page(page(name), title=title, url_path=name, default=name == "home") for name, title in PAGES],
    position="hidden",
)
looked_at, problem = context.looked_at()
with guarded():
    draw_sidebar(looked_at)
if problem:
    st.title(chosen.title, anchor=False)
    st.error(problem, icon=":material/error:")
else:
    chosen.run()
