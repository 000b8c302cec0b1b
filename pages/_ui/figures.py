"""A row of figures, each with its interval and n."""

import streamlit as st

from core.contracts import Estimate
from pages._ui.format import decimals, interval, number
from pages._ui.text import plain

TITLES = {"accuracy": "Accuracy", "auroc": "AUROC", "ece": "Calibration error", "brier": "Brier score"}
"""Words for figures that come by name."""


def draw_figures(figures: tuple[tuple[str, Estimate], ...]) -> None:
    """Draw figures measured on cases that the model never trained on."""
    if not figures:
        return
    st.header("How good it is", anchor=False)
    for column, (name, value) in zip(st.columns(len(figures), border=True), figures, strict=True):
        places = decimals(value.value)
        with column:
            st.metric(plain(TITLES.get(name, name)), number(value.value, places))
            st.caption(f"{interval(value.low, value.high, places)} · n {value.n:,}")
    st.caption("On cases the model never trained on (the ledger); 95 % intervals in brackets.")
