"""Two methods side by side, on the same scale, and how alike their maps are."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.contracts import EvidenceView
from core.services.evidence.likeness import Likeness, likeness
from pages._ui import context
from pages._ui.download import Numbers
from pages._ui.evidence_ask import Shown, ask_part, question_key
from pages._ui.evidence_draw import draw_side
from pages._ui.format import number, percent
from pages._ui.plots import Bar, bar_plot, draw_plot
from pages._ui.services import get_services
from pages._ui.text import plain

ALIKE, PARTLY = 0.7, 0.3
"""Rank correlations from which two maps are called alike, and alike in part."""


def draw_compare(shown: Shown) -> None:
    """Draw the map beside the map of another method."""
    others = {one.name: one for one in shown.methods if one.name != shown.form.method}
    if not others:
        st.caption("No other method fits this model.")
        return
    if st.session_state.get("evidence_second") not in others:
        st.session_state["evidence_second"] = next(iter(others))
    second = st.selectbox(
        "beside", list(others), key="evidence_second", width=320,
        format_func=lambda name: others[name].title + (
            " · not supported by evidence here" if others[name].support == "not supported" else ""
        ),
    )  # fmt: skip
    form = replace(shown.form, method=second, options={})
    if not others[second].reads_baseline:
        form = replace(form, baseline=None, reference=None)
    verbs, who = get_services().evidence, context.actor()
    key = question_key(form, shown.prediction.version)
    other = ask_part(
        shown, "second", lambda: verbs.explain(form, actor=who), f"Measuring {others[second].title}.", key=key
    )
    if other is None or shown.found is None:
        return
    shown.reading.remember(f"evidence:{other.method}")
    _beside(shown, shown.found, other)


def _beside(shown: Shown, one: EvidenceView, other: EvidenceView) -> None:
    found = likeness(one, other)
    st.markdown(_words(shown, found), help=_details(found))
    for place, found_view in zip(st.columns(2, gap="large"), (one, other), strict=True):
        with place:
            st.markdown(f"**{plain(found_view.title)}**")
            st.caption(_facts(found_view))
            draw_side(shown.case.fields, found_view, f"beside {found_view.method}", f"by {found_view.title}")
    _bars(shown, one, other)


def _facts(view: EvidenceView) -> str:
    way = "orange for, blue against" if view.signed else "brighter matters more"
    error = view.completeness_error
    return way if error is None else f"{way} · error reached {number(100 * error)} %"


def _words(shown: Shown, found: tuple[Likeness, ...]) -> str:
    titles = {one.name: plain(one.title) for one in shown.case.fields}
    parts = []
    for item in found:
        where = titles.get(item.field, "values") if len(found) > 1 else ""
        if item.correlation is None:
            parts.append(f"{where} one of the two maps is the same everywhere".strip())
            continue
        alike = "alike" if item.correlation >= ALIKE else "alike in part" if item.correlation >= PARTLY else "unlike"
        parts.append(f"{where} **{alike}** (rank correlation {number(item.correlation, 2)})".strip())
    return "The two maps: " + "; ".join(parts) + "." if parts else "There is too little to compare the two maps."


def _details(found: tuple[Likeness, ...]) -> str | None:
    shares = [
        f"of the hottest {percent(item.part)} of {plain(item.field or 'the values')} they share "
        f"{percent(item.overlap)}, {percent(item.part)} by chance"
        for item in found
        if item.overlap is not None
    ]
    return "; ".join(shares) + ". Strength alone is compared, without its sign." if shares else None


def _bars(shown: Shown, one: EvidenceView, other: EvidenceView) -> None:
    titles = {field.name: field.title for field in shown.case.fields}
    if len(titles) < 2:
        return
    series = [
        (view.title, [Bar(titles[i.field], i.share, None, None) for i in view.fields if i.field in titles])
        for view in (one, other)
    ]
    rows = tuple((bar.row, name, bar.value) for name, bars in series for bar in bars)
    draw_plot(
        bar_plot(series, title="share of what all fields do"), key="compare_bars", name="methods-by-field",
        words="How much each field moves the answer, by one method and by the other.",
        numbers=Numbers(("field", "method", "share"), rows),
    )  # fmt: skip
