"""The learning curve: accuracy and reliance over marks, each round with its interval, and what ten more may bring."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.contracts import CurvePoint, Estimate, LearningCurve
from pages._ui.download import Numbers
from pages._ui.format import estimate, interval, signed, when
from pages._ui.plot_colours import palette
from pages._ui.plots import draw_plot, safe, styled
from pages._ui.text import count, plain, spaced

HEIGHT = 250
Series = tuple[str, list[tuple[CurvePoint, Estimate]], str, str]
"""Name, points with their figures, colour, symbol."""


def draw_learning_curve(curve: LearningCurve) -> None:
    """Draw the rounds so far, or what will be here."""
    st.header("Learning curve", anchor=False)
    if not curve.points:
        st.write(plain(curve.words) or "The curve begins with the first candidate at the gate.")
        return
    _worth(curve)
    numbers = _numbers(curve.points)
    draw_plot(
        curve_plot(curve.points), key="learning_curve", name="learning-curve", words=_said(curve), numbers=numbers
    )  # fmt: skip
    with st.expander("The same as a table"):
        st.dataframe(pd.DataFrame(numbers.rows, columns=numbers.columns), hide_index=True, alt="Rounds of feedback")


def _worth(curve: LearningCurve) -> None:
    if curve.worth_of_ten is None:
        st.caption(plain(curve.words))
        return
    accuracy, reliance = st.columns(2, border=True)
    _figure(accuracy, "Ten more marks: accuracy", curve.worth_of_ten)
    if curve.worth_reliance is not None:
        _figure(reliance, "Ten more marks: reliance", curve.worth_reliance)
    st.caption(
        plain(f"Estimated from {count(len(curve.points), 'round')} by a curve that levels off. {_unsure(curve)}")
    )


def _unsure(curve: LearningCurve) -> str:
    known = [one for one in (curve.worth_of_ten, curve.worth_reliance) if one is not None]
    return "It can't be told whether more marks help." if all(one.low <= 0 <= one.high for one in known) else ""


def _figure(column: st.delta_generator.DeltaGenerator, title: str, value: Estimate) -> None:
    with column:
        st.metric(title, signed(value.value, 3))
        st.caption(plain(f"{interval(value.low, value.high, 3)} · {count(value.n, 'round')}"))


def curve_plot(points: tuple[CurvePoint, ...]) -> go.Figure:
    """Return accuracy and reliance over the number of marks; whiskers are 95 % intervals."""
    ink = palette()
    series: list[Series] = [("accuracy", [(one, one.accuracy) for one in points], ink.accent, "circle")]
    relied = [(one, one.reliance) for one in points if one.reliance is not None]
    if relied:
        series.append(("reliance on what was marked", relied, ink.orange, "diamond-open"))
    figure = go.Figure([_trace(*one) for one in series])
    figure.update_xaxes(title_text="marked cases behind the version", rangemode="tozero")
    figure.update_yaxes(range=[-0.02, 1.02], title_text="share of ledger cases")
    return styled(figure, HEIGHT, hovermode="closest")


def _trace(name: str, found: list[tuple[CurvePoint, Estimate]], colour: str, symbol: str) -> go.Scatter:
    placed = sorted(found, key=lambda pair: (pair[0].marks, pair[0].created))
    figures = [figure for _, figure in placed]
    words = [safe(f"{one.version}, {spaced(one.strategy)}: {name} {estimate(value)}", 200) for one, value in placed]
    return go.Scatter(
        x=[one.marks for one, _ in placed], y=[one.value for one in figures], mode="lines+markers", name=name,
        line={"color": colour, "width": 1}, customdata=words, hovertemplate="%{customdata}<extra></extra>",
        marker={"color": colour, "symbol": symbol, "size": 9, "line": {"color": colour, "width": 2}},
        error_y={"type": "data", "symmetric": False, "array": [one.high - one.value for one in figures],
                 "arrayminus": [one.value - one.low for one in figures], "color": colour, "thickness": 2, "width": 0},
    )  # fmt: skip


def _said(curve: LearningCurve) -> str:
    first, last = curve.points[0], curve.points[-1]
    told = f"{count(len(curve.points), 'round')}. Latest, {last.version}, {count(last.marks, 'marked case')}: accuracy "
    told += estimate(last.accuracy)
    if last.reliance is not None:
        told += f", reliance {estimate(last.reliance)}"
    if len(curve.points) > 1:
        told += f". First, {first.version}: accuracy {estimate(first.accuracy)}"
    return told + "."


def _numbers(points: tuple[CurvePoint, ...]) -> Numbers:
    columns = ("version", "trained", "strategy", "marks", "verdicts", "accuracy", "low", "high", "n", "reliance",
               "reliance low", "reliance high")  # fmt: skip
    rows = tuple(
        (one.version, when(one.created), one.strategy, one.marks, one.verdicts, one.accuracy.value, one.accuracy.low,
         one.accuracy.high, one.accuracy.n, *_three(one.reliance))
        for one in points
    )  # fmt: skip
    return Numbers(columns, rows)


def _three(value: Estimate | None) -> tuple[float | None, float | None, float | None]:
    return (value.value, value.low, value.high) if value is not None else (None, None, None)
