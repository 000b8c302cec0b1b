"""Places that hold one thing at a time, whatever stood there before.

Streamlit takes away what a fragment did not draw again once it hears that the fragment's run ended. When another
fragment runs right after it (the sidebar follows by itself), that word is lost and the old parts stay on the page. So
what must not stay is taken away by hand.
"""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def slot(turn: int) -> DeltaGenerator:
    """Return an empty place: of two places, the one whose turn it is (0 or 1); the other one is cleared.

    Drawing again on the same turn keeps what stands there, so a person's focus and typing stay.
    """
    with st.container(gap=None):
        places = st.container(gap=None), st.container(gap=None)
    places[1 - turn].empty()
    return places[turn].container(gap="xsmall")
