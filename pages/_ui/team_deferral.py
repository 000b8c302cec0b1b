"""Who should read what: accuracy and cost against the share of cases that people read."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from core.contracts import DeferralCurve, DeferralPoint, TeamView
from pages._ui.download import Numbers
from pages._ui.format import percent, value_words
from pages._ui.plot_colours import palette
from pages._ui.plots import Line, draw_plot, line_plot
from pages._ui.text import plain

HOUR_COST = "hour_cost"
DASHES = ("solid", "dash", "dot")
COLUMNS = ("rule", "read by people", "right", "low", "high", "n", "hours per 100", "cost per 100", "cheapest")


def asked_cost() -> float | None:
    """Return the cost of an hour that this session asked for, or None."""
    value = st.session_state.get(HOUR_COST)
    return None if value is None else float(value)


def draw_deferral(view: TeamView) -> None:
    """Draw the curves of all rules, the cheapest point of each, and what an hour of reading costs."""
    st.header("Who should read what?", anchor=False)
    if not view.curves:
        st.info(plain(view.note) or "There are too few reads yet.")
        return
    st.number_input(
        "Cost of an hour of reading", 0.0, None, view.hour_cost, key=HOUR_COST, width=260,
        help="in the unit of the workspace's costs: an error that it does not list costs 1",
    )  # fmt: skip
    cheapest = cheapest_of(view.curves)
    for curve in view.curves:
        title = f"**{plain(curve.title)}**" + (" · cheapest" if curve.rule == cheapest.rule else "")
        st.markdown(f"{title}: {plain(curve.words)}")
    left, right = st.columns(2, gap="medium")
    numbers = numbers_of(view.curves)
    with left:
        draw_plot(
            accuracy_plot(view.curves), key="deferral_plot", name="deferral", words=_words(cheapest), numbers=numbers
        )
    with right:
        draw_plot(
            cost_plot(view.curves), key="deferral_cost", name="deferral-cost",
            words="Errors and reading, in the unit of the workspace's costs; a star is the cheapest point.",
            numbers=numbers,
        )  # fmt: skip
    st.caption(
        "On reads before the model's answer was shown. What is learned never comes from the patient, or other group of "
        "cases, that it is used on. The band is the 95 % interval of the cheapest rule. "
        f"An hour of reading costs {value_words(view.hour_cost)} here."
    )


def cheapest_of(curves: tuple[DeferralCurve, ...]) -> DeferralCurve:
    """Return the curve with the cheapest point."""
    return min(curves, key=lambda curve: _best(curve).cost)


def accuracy_plot(curves: tuple[DeferralCurve, ...]) -> go.Figure:
    """Return the share right against the share that people read; the band is that of the cheapest rule."""
    cheapest, lines = cheapest_of(curves), []
    for curve, dash in zip(curves, DASHES, strict=False):
        right = [point.accuracy for point in curve.points]
        band = curve is cheapest
        lines.append(
            Line(
                curve.title, _shares(curve), tuple(one.value for one in right),
                tuple(one.low for one in right) if band else (), tuple(one.high for one in right) if band else (), dash,
            )
        )  # fmt: skip
    figure = line_plot(lines, x_title="share of cases that people read", y_title="share right", height=340)
    return _starred(figure, [(_best(curve).deferred, _best(curve).accuracy.value) for curve in curves])


def cost_plot(curves: tuple[DeferralCurve, ...]) -> go.Figure:
    """Return the cost per 100 cases against the share that people read."""
    lines = [
        Line(curve.title, _shares(curve), tuple(point.cost for point in curve.points), dash=dash)
        for curve, dash in zip(curves, DASHES, strict=False)
    ]
    figure = line_plot(lines, x_title="share of cases that people read", y_title="cost of 100 cases", height=340)
    figure.update_yaxes(rangemode="tozero")
    return _starred(figure, [(_best(curve).deferred, _best(curve).cost) for curve in curves])


def numbers_of(curves: tuple[DeferralCurve, ...]) -> Numbers:
    """Return every point of every curve."""
    return Numbers(
        COLUMNS,
        tuple(
            (
                curve.rule, point.deferred, point.accuracy.value, point.accuracy.low, point.accuracy.high,
                point.accuracy.n, point.hours, point.cost, "yes" if place == curve.best else "",
            )
            for curve in curves
            for place, point in enumerate(curve.points)
        ),
    )  # fmt: skip


def _starred(figure: go.Figure, places: list[tuple[float, float]]) -> go.Figure:
    """Add a star at the cheapest point of each curve."""
    marker = {"symbol": "star", "size": 13, "color": palette().ink}
    figure.add_trace(
        go.Scatter(
            x=[x for x, _ in places], y=[y for _, y in places], mode="markers", name="cheapest", marker=marker,
            hovertemplate="cheapest: %{y:.3g} where people read %{x:.0%}<extra></extra>",
        )
    )  # fmt: skip
    return figure.update_xaxes(range=[-0.02, 1.02], tickformat=".0%")


def _best(curve: DeferralCurve) -> DeferralPoint:
    return curve.points[curve.best or 0]


def _shares(curve: DeferralCurve) -> tuple[float, ...]:
    return tuple(point.deferred for point in curve.points)


def _words(curve: DeferralCurve) -> str:
    first, last, best = curve.points[0].accuracy, curve.points[-1].accuracy, _best(curve)
    return (
        f"The model alone is right in {percent(first.value)}, people alone in {percent(last.value)}; where people read "
        f"{percent(best.deferred)}, {percent(best.accuracy.value)} are right (n {best.accuracy.n:,})."
    )
