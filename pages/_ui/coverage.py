"""Whether the answer sets hold the right answer as often as they say: now, in groups, and since then."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from core.contracts import CoveragePoint, CoverageView, Estimate
from pages._ui.download import Numbers
from pages._ui.format import estimate, interval, number, reader_zone
from pages._ui.plot_colours import palette
from pages._ui.plots import Dot, Mark, dot_plot, draw_plot, safe, styled
from pages._ui.services import get_services
from pages._ui.text import count, plain

FEW = 20
"""Groups with fewer cases are drawn as such: their intervals say little."""
ALL = "all cases"
MOST_DAYS = 5
"""Stretches whose day is written under the axis."""
NAMES: dict[Mark, str] = {"good": "as promised", "bad": "less than promised", "open": f"fewer than {FEW} cases"}
NOBODY_SETTLED = (
    "Over time: nothing yet. Coverage among cases that people settle from now on will be shown here, "
    "in stretches of fifty."
)


def draw_coverage(workspace: str, version: str, target: str) -> None:
    """Draw what the sets of a version promise and what they keep."""
    view = get_services().guard.coverage(workspace, version=version, target=target)
    if view is None:
        return
    with st.container(key="coverage_panel"):
        st.header("Answer sets", anchor=False)
        if view.alarm:
            st.warning(plain(view.alarm), icon=":material/warning:")
        st.write(plain(_promise(view)))
        if view.ledger is None:
            st.info("No ledger case has an answer of this version and a label yet.")
            return
        st.write(plain(_kept(view, view.ledger)))
        left, right = st.columns(2, gap="large")
        with left:
            _groups(view, view.ledger)
        with right:
            _over_time(view)


def _promise(view: CoverageView) -> str:
    return (
        f"A set lists the answers that can't be ruled out. It is to hold the right one in {number(view.promised)} of "
        f"cases ({view.method}, from {count(view.calibration_n, 'calibration case')})."
    )


def _kept(view: CoverageView, ledger: Estimate) -> str:
    """Return the ledger's coverage with what chance alone would make of the promise."""
    spread = f"By chance alone, 95 % of such figures lie {interval(view.expected_low, view.expected_high)}"
    if ledger.value < view.expected_low:
        found = "this one is lower"
    elif ledger.value > view.expected_high:
        found = "this one is higher: the sets are larger than they need be"
    else:
        found = "and so does this one"
    return f"On cases the model never trained on it did in {estimate(ledger)}. {spread}: {found}."


def _groups(view: CoverageView, ledger: Estimate) -> None:
    st.markdown("**In groups**")
    rows = ((ALL, ledger), *view.groups)
    numbers = Numbers(
        ("group", "coverage", "low", "high", "n"), tuple((n, e.value, e.low, e.high, e.n) for n, e in rows)
    )
    low = [name for name, value in rows if _mark(value, view.promised) == "bad"]
    words = f"Less than promised: {', '.join(low)}." if low else "No group is covered less than promised."
    draw_plot(
        group_plot(rows, view.promised), key="coverage_groups", name="coverage-groups",
        words=f"{words} Dashed line: {number(view.promised)}.", numbers=numbers,
    )  # fmt: skip


def group_plot(rows: tuple[tuple[str, Estimate], ...], promised: float) -> go.Figure:
    """Return coverage of each group with its interval, against what was promised."""
    dots = [
        Dot(name, value.value, value.low, value.high, f"{name}: {estimate(value)}", _mark(value, promised))
        for name, value in rows
    ]
    figure = dot_plot(dots, title="share covered", limit=promised, names=NAMES)
    return figure.update_xaxes(range=[min(0.98 * min(value.low for _, value in rows), promised - 0.1), 1.01])


def _mark(value: Estimate, promised: float) -> Mark:
    if value.n < FEW:
        return "open"
    return "bad" if value.high < promised else "good"


def _over_time(view: CoverageView) -> None:
    st.markdown("**Since the version was made**")
    if not view.over_time:
        st.caption(NOBODY_SETTLED)
        return
    rows = tuple(
        (_day(one, start=True), _day(one), one.coverage.value, one.coverage.low, one.coverage.high, one.coverage.n,
         one.expected)
        for one in view.over_time
    )  # fmt: skip
    columns = ("from", "to", "coverage", "low", "high", "n", "expected")
    last = view.over_time[-1]
    words = f"Latest: {estimate(last.coverage)}, settled {_stretch(last)}"
    if last.expected is not None:
        words += f"; {number(last.expected)} was to be expected of cases on which it is as sure"
    draw_plot(
        time_plot(view.over_time, view.promised), key="coverage_time", name="coverage-over-time", words=f"{words}.",
        numbers=Numbers(columns, rows),
    )  # fmt: skip
    st.caption("People often settle the cases that the model is torn over: hold it against what was to be expected.")


def _day(point: CoveragePoint, *, start: bool = False) -> str:
    return f"{(point.since if start else point.until).astimezone(reader_zone()):%Y-%m-%d}"


def _stretch(point: CoveragePoint) -> str:
    return f"{_day(point, start=True)} to {_day(point)}"


def time_plot(points: tuple[CoveragePoint, ...], promised: float) -> go.Figure:
    """Return coverage of each stretch of settled cases with its interval, against what was to be expected."""
    ink, places = palette(), list(range(1, len(points) + 1))
    figure = go.Figure()
    figure.add_hline(y=promised, line={"color": ink.ink, "dash": "dash", "width": 1})
    if any(one.expected is not None for one in points):
        figure.add_trace(
            go.Scatter(x=places, y=[one.expected for one in points], name="to be expected", mode="markers",
                       marker={"symbol": "diamond-open", "color": ink.grey, "size": 10},
                       hovertemplate="to be expected: %{y:.2f}<extra></extra>")
        )  # fmt: skip
    above = [one.coverage.high - one.coverage.value for one in points]
    below = [one.coverage.value - one.coverage.low for one in points]
    figure.add_trace(
        go.Scatter(
            x=places, y=[one.coverage.value for one in points], name="covered", mode="markers",
            marker={"color": ink.accent, "size": 9},
            error_y={"type": "data", "symmetric": False, "array": above, "arrayminus": below, "color": ink.accent},
            customdata=[safe(f"{_stretch(one)}: {estimate(one.coverage)}", 80) for one in points],
            hovertemplate="%{customdata}<extra></extra>",
        )
    )  # fmt: skip
    named = places[:: max(1, -(-len(places) // MOST_DAYS))]
    days = [f"{points[place - 1].until.astimezone(reader_zone()):%d %b}" for place in named]
    figure.update_xaxes(tickvals=named, ticktext=days, range=[0.5, len(points) + 0.5], title_text="settled until")
    figure.update_yaxes(title_text="share covered", range=[0, 1.03])
    return styled(figure, 300, hovermode="closest", showlegend=True)
