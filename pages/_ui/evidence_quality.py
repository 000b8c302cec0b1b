"""How far this one explanation can be trusted: warnings, removal curves, stability, dependence on 'absent'."""

from __future__ import annotations

import streamlit as st

from core.contracts import BaselineView, Comparison, Curve, EvidenceQualityView
from pages._ui import context
from pages._ui.download import Numbers
from pages._ui.evidence_ask import Shown, ask_part
from pages._ui.evidence_question import baselines_of
from pages._ui.format import estimate, interval, number
from pages._ui.plots import Line, draw_plot, line_plot
from pages._ui.services import get_services
from pages._ui.sidebar import page
from pages._ui.text import plain

FILLED = {"mean": "the average", "blur": "a blur"}
BETTER = {"deletion": "lower is better", "insertion": "higher is better"}
STABLE, ALIKE = 0.7, 0.7
"""Rank correlations from which maps are called stable, and alike."""
SOME = 0.4


def draw_trust(shown: Shown) -> None:
    """Draw the figures of this explanation, measured on this case with this model."""
    measure, who, form = get_services().evidence.quality, context.actor(), shown.form
    found = ask_part(
        shown, "quality", lambda: measure(form, actor=who),
        "Measuring: parts are removed and put in by this map's order, by random orders and by the picture's edges.",
    )  # fmt: skip
    if found is None:
        return
    left, right = st.columns(2, gap="large")
    with left, st.container(key="evidence_quality", gap="small"):
        _said(shown, found)
    with right:
        _curves(found)


def _said(shown: Shown, found: EvidenceQualityView) -> None:
    for warning in found.warnings:
        st.warning(plain(warning), icon=":material/warning:")
    if not found.warnings:
        st.markdown(":material/check: Nothing was measured that speaks against this map.")
    if found.completeness_error is not None:
        st.markdown(f"**Error reached** {number(100 * found.completeness_error)} % of what the values should add up to")
    _comparisons(found)
    if found.stability is not None:
        st.markdown(
            f"**Under noise that nobody would see** the map is {_stable(found.stability.value)}: rank correlation "
            f"{estimate(found.stability)}"
        )
    _dependence(shown, found)
    st.caption(f"Measured on this case alone, in {number(found.seconds)} s.")
    st.page_link(page("trust"), label="This method on many cases", query_params=context.link())


def _comparisons(found: EvidenceQualityView) -> None:
    """Draw the areas of all curves beside those of random maps and of the picture's edges."""
    if not found.comparisons:
        return
    told = {True: "better than random", False: "worse than random", None: "not shown to beat random"}
    edge = any(one.edge is not None for one in found.comparisons)
    rows = {
        "test": [f"{one.curve}, {FILLED[one.fill]}: {told[one.better_than_random]}" for one in found.comparisons],
        "this map": [number(one.area, 2) for one in found.comparisons],
        "random": [_random(one) for one in found.comparisons],
        **({"edges": [number(one.edge, 2) for one in found.comparisons]} if edge else {}),
    }
    st.table(rows, hide_index=True, border="horizontal", alt="Areas under the curves of removal")
    st.caption("Area under the curve: deletion, lower is better; insertion, higher is better. Intervals: 95 % of "
               "random maps.")  # fmt: skip


def _random(one: Comparison) -> str:
    return f"{number(one.random.value, 2)} {interval(one.random.low, one.random.high)}"


def _stable(value: float) -> str:
    return "stable" if value >= STABLE else "stable in part" if value >= SOME else "not stable"


def _dependence(shown: Shown, found: EvidenceQualityView) -> None:
    if not found.dependence:
        return
    titles = {one.name: one for one in baselines_of(shown)}
    st.markdown("**With another meaning of absent**")
    for one in sorted(found.dependence, key=lambda item: item.correlation):
        alike = "much the same" if one.correlation >= ALIKE else "partly another" if one.correlation >= SOME else (
            "**another**"
        )  # fmt: skip
        st.markdown(f"{_baseline(titles, one.baseline)}: {alike} map (rank correlation {number(one.correlation, 2)})")


def _baseline(titles: dict[str, BaselineView], name: str) -> str:
    return plain(titles[name].title if name in titles else name)


def _curves(found: EvidenceQualityView) -> None:
    fills = list(dict.fromkeys(one.fill for one in found.curves))
    if not fills:
        return
    fill = fills[0]
    if len(fills) > 1:
        fill = st.segmented_control(
            "What is removed is filled with", fills, key="curve_fill", default=fills[0],
            format_func=FILLED.__getitem__, required=True,
        )  # fmt: skip
    own = [one for one in found.curves if one.fill == fill]
    for one in own:
        _curve(found, one)


def _curve(found: EvidenceQualityView, one: Curve) -> None:
    lines = [
        Line("this map", one.shares, one.values),
        Line("random maps", one.shares, one.random_mean, one.random_low, one.random_high, "dash"),
        *([Line("edges", one.shares, one.edge, dash="dot")] if one.edge else []),
    ]
    goes = "removed" if one.name == "deletion" else "put in"
    edge = one.edge or (None,) * len(one.shares)
    rows = zip(one.shares, one.values, one.random_mean, one.random_low, one.random_high, edge, strict=True)
    draw_plot(
        line_plot(lines, x_title=f"share {goes}, hottest first", y_title="probability of the answer", height=235),
        key=f"curve_{one.name}", name=f"{found.method}-{one.name}-{one.fill}", words=_curve_words(found, one),
        numbers=Numbers(("share", "this map", "random", "random low", "random high", "edges"), tuple(rows)),
    )  # fmt: skip


def _curve_words(found: EvidenceQualityView, one: Curve) -> str:
    area = next((c for c in found.comparisons if (c.curve, c.fill) == (one.name, one.fill)), None)
    start, end = number(one.values[0], 2), number(one.values[-1], 2)
    told = f"{one.name.capitalize()}: the probability goes from {start} to {end} ({BETTER[one.name]})."
    return told if area is None else f"{told} Area {number(area.area, 2)}, random maps {number(area.random.value, 2)}."
