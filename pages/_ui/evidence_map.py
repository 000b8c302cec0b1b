"""The map: what it is asked of, what it says in words, how far each field moved the answer."""

from __future__ import annotations

import streamlit as st

from core.contracts import EvidenceView, FieldEvidence, MethodView
from pages._ui import context
from pages._ui.download import Numbers, download_numbers
from pages._ui.evidence_ask import Shown
from pages._ui.evidence_question import draw_question
from pages._ui.format import percent
from pages._ui.plot_colours import palette
from pages._ui.plots import Bar, bar_plot, draw_plot
from pages._ui.sidebar import page
from pages._ui.text import plain

MOST_BARS = 20
MOST_WORDS = 8
"""Fields that are told of in words."""


def draw_map_part(shown: Shown) -> None:
    """Draw the question with its settings, the map in words, and the fields' sums."""
    draw_question(shown)
    _support(shown.method)
    if shown.found is None:
        st.caption("The map is not there yet.")
        return
    left, right = st.columns(2, gap="large")
    with left:
        draw_words_of(shown, shown.found)
    with right:
        _bars(shown, shown.found)


def _support(method: MethodView | None) -> None:
    """Say what the quality report of this version says of the method."""
    if method is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if method.support == "not supported":
            why = f": {plain(method.reason.rstrip('. '))}" if method.reason else ""
            st.markdown(f":material/block: **Not supported by evidence here**{why}.", width="content")
        elif method.support == "supported":
            st.markdown(":material/check: supported by this version's quality report", width="content")
        else:
            st.markdown(":material/help: not assessed on this version yet", width="content")
        st.page_link(page("trust"), label="How far explanations can be trusted", query_params=context.link())


def draw_words_of(shown: Shown, found: EvidenceView) -> None:
    """Draw the map in words, field by field, with its files."""
    titles = {one.name: one.title for one in shown.case.fields}
    st.markdown("**In words**")
    told = [item for item in found.fields if item.words]
    ordered = sorted(told, key=lambda one: -one.share)[:MOST_WORDS]
    st.markdown("  \n".join(plain(named_words(item, titles.get(item.field, item.field))) for item in ordered))
    if not told:
        st.caption("This method says nothing in words.")
    if found.baseline:
        st.caption(f"Absent means: {plain(found.baseline)}")
    with st.container(horizontal=True, gap="small"):
        for item in found.fields:
            _files(item, f"{found.method}-{item.field}", titles.get(item.field, item.field))


def named_words(item: FieldEvidence, title: str) -> str:
    """Return what is hot of a field, with the field's title once."""
    return item.words if item.words.startswith(title) else f"{title}: {item.words}"


def _files(item: FieldEvidence, name: str, title: str) -> None:
    if item.heat is not None:
        st.download_button(
            "PNG", item.heat, f"{name}.png", "image/png", key=f"heat_{name}", on_click="ignore", type="tertiary",
            icon=":material/download:", help=f"the map of {plain(title)} as a layer of the picture's size",
        )  # fmt: skip
    elif item.spans:
        rows = tuple((start, end, value) for start, end, value in item.spans)
        download_numbers(Numbers(("start", "end", "value"), rows), key=f"spans_{name}", name=name)


def _bars(shown: Shown, found: EvidenceView) -> None:
    """Draw the sum of each field with its interval, where there are several."""
    titles = {one.name: one.title for one in shown.case.fields}
    items = [item for item in found.fields if item.field in titles]
    if len(items) < 2:
        return
    ordered = sorted(items, key=lambda one: -abs(one.total))
    bars = [Bar(titles[one.field], one.total, one.low, one.high) for one in ordered]
    first = ordered[0]
    few = f" The {MOST_BARS} strongest of {len(bars)} fields." if len(bars) > MOST_BARS else ""
    held = any(one.low is not None for one in items)
    lines = " Lines: 95 % intervals over what the method draws at random." if held else ""
    figure = bar_plot([("sum", bars[:MOST_BARS])], title="sum, on the logit scale")
    ink = palette()
    ways = [ink.orange if bar.value > 0 else ink.blue for bar in bars] if found.signed else ink.accent
    figure.update_traces(marker={"color": ways, "pattern": {"shape": ""}})
    draw_plot(
        figure, key="evidence_bars", name=f"{found.method}-fields",
        words=f"{titles[first.field]} moved the answer most: {percent(first.share)} of what all fields do.{lines}{few}",
        numbers=Numbers(
            ("field", "sum", "low", "high", "share"),
            tuple((titles[one.field], one.total, one.low, one.high, one.share) for one in ordered),
        ),
    )  # fmt: skip
