"""Versions and decisions so far."""

import pandas as pd
import streamlit as st

from core.contracts import RetrainingView
from pages._ui.format import estimate, when
from pages._ui.text import spaced


def draw_history(view: RetrainingView) -> None:
    """Draw the versions and the decisions, newest first."""
    if view.versions:
        with st.expander("Versions"):
            st.dataframe(_versions(view), hide_index=True, alt="Versions with status and figures")
    if view.decisions:
        with st.expander("Decisions"):
            st.dataframe(_decisions(view), hide_index=True, alt="Decisions with reason")


def _versions(view: RetrainingView) -> pd.DataFrame:
    rows = [
        (v.name, v.status, v.parent or "", when(v.created), "; ".join(f"{n} {estimate(e)}" for n, e in v.figures))
        for v in view.versions
    ]
    return pd.DataFrame(rows, columns=["version", "status", "from", "trained", "figures"])


def _decisions(view: RetrainingView) -> pd.DataFrame:
    rows = [
        (when(d.created), spaced(d.kind), d.version, d.actor_id, d.reason, _flags(d.overridden, d.acknowledged))
        for d in view.decisions
    ]
    return pd.DataFrame(rows, columns=["when", "what", "version", "who", "reason", "in spite of"])


def _flags(overridden: bool, acknowledged: bool) -> str:
    marks = (("a failed check", overridden), ("a check not assessable", acknowledged))
    return ", ".join(words for words, given in marks if given)
