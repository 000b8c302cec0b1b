"""Rates of groups side by side, and how far apart they are."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.contracts import AttributeFairness, FairnessView, Gap, GroupRate
from pages._ui.download import Numbers
from pages._ui.fairness_plots import RATE_TITLES, gap_plot, rate_plot
from pages._ui.format import estimate, number
from pages._ui.plots import draw_plot
from pages._ui.text import count, plain, spaced


def draw_groups(view: FairnessView, attribute: str | None = None) -> None:
    """Draw gaps and rates of one attribute, the first one when none is named."""
    st.header("Groups", anchor=False)
    if view.note:
        st.info(plain(view.note))
    shown = next((one for one in view.attributes if attribute in (None, one.attribute)), None)
    if shown is None or not shown.groups:
        return
    positive = view.words(view.positive)
    st.caption(
        f"On the ledger, {count(view.n, 'case')} that the model never trained on; {plain(positive)} is the "
        "positive class. 95 % intervals; cases of one person or group count as one."
    )
    with st.container(key="fairness_groups", gap="medium"):
        _gaps(shown)
        _rates(shown, positive)
        if shown.note:
            st.caption(plain(shown.note))


def _gaps(shown: AttributeFairness) -> None:
    st.markdown(f"**How far apart the groups of {plain(shown.attribute)} are**")
    if not shown.gaps:
        st.write("There are no two groups with enough cases to compare.")
        return
    left, right = st.columns([1, 1.25], gap="large")
    with left:
        draw_plot(
            gap_plot(shown.gaps), key="gap_plot", name=f"gaps-{shown.attribute}", words=_gap_alt(shown.gaps),
            numbers=_gap_numbers(shown.gaps),
        )  # fmt: skip
    with right, st.container(key="gap_words", gap="small"):
        for gap in shown.gaps:
            _gap(gap)


def _gap(gap: Gap) -> None:
    ratio = f" · ratio {number(gap.ratio.value)}" if gap.ratio is not None else ""
    chance = f"p {number(gap.p_value) if gap.p_value >= 0.001 else '< 0.001'}"
    with st.container(gap=None):
        st.markdown(f"**{plain(gap.title)}**")
        st.text(f"{estimate(gap.difference)}{ratio} · {chance}")
        st.caption(plain(gap.words))


def _gap_alt(gaps: tuple[Gap, ...]) -> str:
    told = "; ".join(
        f"{spaced(gap.metric).lower()} {estimate(gap.difference)}"
        + ("" if gap.limit is None else f", limit {number(gap.limit)}")
        for gap in gaps
    )
    dashed = " Dashed: the policy's limit; a cross lies over it." if any(gap.limit is not None for gap in gaps) else ""
    return f"Gaps with 95 % intervals: {told}.{dashed}"


def _gap_numbers(gaps: tuple[Gap, ...]) -> Numbers:
    rows = tuple(
        (gap.metric, gap.difference.value, gap.difference.low, gap.difference.high, gap.difference.n,
         None if gap.ratio is None else gap.ratio.value, gap.p_value, gap.limit, gap.highest, gap.lowest)
        for gap in gaps
    )  # fmt: skip
    return Numbers(("gap", "value", "low", "high", "n", "ratio", "p", "limit", "highest", "lowest"), rows)


def _rates(shown: AttributeFairness, positive: str) -> None:
    st.markdown("**Rates of each group**")
    numbers = Numbers(
        ("group", "rate", "value", "low", "high", "n", "few cases"),
        tuple(
            (row.group, rate.rate, rate.estimate.value, rate.estimate.low, rate.estimate.high, rate.estimate.n,
             "yes" if rate.small else "no")
            for row in shown.groups for rate in row.rates if rate.estimate is not None
        ),
    )  # fmt: skip
    words = f"Rates of {len(shown.groups)} groups of {shown.attribute}, positive class {positive}; hollow: few cases."
    draw_plot(rate_plot(shown.groups), key="rate_plot", name=f"rates-{shown.attribute}", words=words, numbers=numbers)
    with st.expander("The same as a table", key="rate_table"):
        st.dataframe(_table(shown), hide_index=True, alt="Rates of each group as a table")


def _table(shown: AttributeFairness) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"group": row.group, "cases": row.n, "positives": row.positives}
            | {RATE_TITLES[rate.rate]: _cell(rate) for rate in row.rates}
            for row in shown.groups
        ]
    )


def _cell(rate: GroupRate) -> str:
    if rate.estimate is None:
        return "no cases"
    return estimate(rate.estimate) + (" (few)" if rate.small else "")
