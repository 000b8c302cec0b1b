"""Team."""

import streamlit as st

from pages._ui import context
from pages._ui.guard import guarded

st.title("Team", anchor=False)
with guarded():
    if context.workspace_name() is None:
        context.no_workspace()
