"""How far the answers can be trusted: reliability of the probabilities, and what is taken for what."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots

from core.contracts import CalibrationBin, CalibrationView, ConfusionView, Estimate, TrustView
from pages._ui.download import Numbers
from pages._ui.format import estimate, interval, number, percent
from pages._ui.plot_colours import palette
from pages._ui.plots import draw_plot, heat_plot, middle, styled
from pages._ui.text import count, plain

WRITTEN = 12
"""Up to this many classes the counts are written into the cells."""
NAMED = 3
"""Mix-ups that the words under the matrix name."""


def draw_answers(view: TrustView) -> None:
    """Draw the reliability plot and the confusion matrix of the version on the ledger."""
    st.header("Answers", anchor=False)
    if not view.calibration and view.confusion is None:
        st.info("No ledger case has an answer of this version and a label yet.")
        return
    small = view.confusion is None or len(view.confusion.classes) <= WRITTEN
    with st.container(key="trust_answers"):
        left, right = st.columns([1, 1.25], gap="large") if small else (st.container(), st.container())
        with left:
            if view.calibration:
                _reliability(view.calibration, view.calibration_error)
                _calibrated(view.calibrated)
        with right:
            if view.confusion is not None:
                _confusion(view.confusion)


def _reliability(bins: tuple[CalibrationBin, ...], error: Estimate | None) -> None:
    st.markdown("**Is it right as often as it says?**")
    total = f" Calibration error {estimate(error)}." if error else ""
    rows = tuple((b.low, b.high, b.mean, b.right.value, b.right.low, b.right.high, b.right.n) for b in bins)
    columns = ("from", "to", "mean probability", "right", "low", "high", "n")
    draw_plot(
        reliability_plot(bins), key="reliability_plot", name="reliability", words=_furthest(bins) + total,
        numbers=Numbers(columns, rows),
    )  # fmt: skip


def _calibrated(view: CalibrationView | None) -> None:
    """Say how the probabilities came about, what that changed, and where it is not what the workspace asks for."""
    if view is None:
        return
    told = f"Probabilities by {view.title}, from {count(view.n, 'calibration case')}."
    if view.before is not None and view.after is not None:
        told += f" Calibration error on them: {estimate(view.before)} before, {estimate(view.after)} after."
    st.caption(plain(told))
    for note in view.notes:
        st.info(plain(f"{note[:1].upper()}{note[1:]}."), icon=":material/info:")


def _furthest(bins: tuple[CalibrationBin, ...]) -> str:
    """Return the bin that misses most cases: the gap counted by its cases."""
    worst = max(bins, key=lambda one: abs(one.right.value - one.mean) * one.right.n)
    away = "less often than it says" if worst.right.value < worst.mean else "more often than it says"
    if worst.right.low <= worst.mean <= worst.right.high:
        away = "as often as it says, within the interval"
    return (
        f"Where it says {number(worst.mean)}, it is right in {number(worst.right.value, 2)} "
        f"{interval(worst.right.low, worst.right.high)} of {count(worst.right.n, 'case')}: {away}."
    )


def reliability_plot(bins: tuple[CalibrationBin, ...]) -> go.Figure:
    """Return the share that was right over the probability that was said, with intervals; counts in a row below."""
    ink = palette()
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.78, 0.22], vertical_spacing=0.04)
    figure.add_trace(
        go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": ink.grey, "dash": "dash"}, hoverinfo="skip",
                   name="as often as it says"), row=1, col=1,
    )  # fmt: skip
    above = [one.right.high - one.right.value for one in bins]
    below = [one.right.value - one.right.low for one in bins]
    figure.add_trace(
        go.Scatter(
            x=[one.mean for one in bins], y=[one.right.value for one in bins], mode="markers+lines", name="right",
            marker={"color": ink.accent, "size": 9}, line={"color": ink.accent, "width": 1},
            error_y={"type": "data", "symmetric": False, "array": above, "arrayminus": below, "color": ink.accent},
            customdata=[one.right.n for one in bins],
            hovertemplate="says %{x:.2f}, right %{y:.2f} of %{customdata} cases<extra></extra>",
        ), row=1, col=1,
    )  # fmt: skip
    figure.add_trace(
        go.Bar(x=[(one.low + one.high) / 2 for one in bins], y=[one.right.n for one in bins], showlegend=False,
               width=[0.9 * (one.high - one.low) for one in bins], marker={"color": ink.grey},
               hovertemplate="%{y} cases<extra></extra>"), row=2, col=1,
    )  # fmt: skip
    start = min(0.5, min(one.low for one in bins))
    figure.update_xaxes(range=[start, 1.01]).update_yaxes(rangemode="tozero")
    figure.update_yaxes(title_text="share right", range=[0, 1.03], row=1, col=1).update_yaxes(title_text="cases", row=2)
    figure.update_xaxes(title_text="probability of the answer", row=2)
    return styled(figure, 380)


def _confusion(view: ConfusionView) -> None:
    st.markdown("**What is taken for what?**")
    shares, totals = _row_shares(view)
    words = [[_cell_words(view, i, j, totals) for j in range(len(view.classes))] for i in range(len(view.classes))]
    cells = None
    if len(view.classes) <= WRITTEN:
        cells = [[f"{n:,}" if n else "" for n in row] for row in view.counts]
    plot = heat_plot(
        shares, rows=view.classes, columns=view.classes, said=words, cells=cells, titles=("reference label", "answer")
    )
    rows = tuple(
        (label, answer, view.counts[i][j], shares[i][j], *_recall(view.recall[i]))
        for i, label in enumerate(view.classes)
        for j, answer in enumerate(view.classes)
    )
    columns = ("reference label", "answer", "cases", "share of the row", "recall", "recall low", "recall high")
    draw_plot(
        plot, key="confusion_plot", name="confusion", words=_mix_ups(view, totals), numbers=Numbers(columns, rows)
    )


def _recall(value: Estimate | None) -> tuple[float | None, float | None, float | None]:
    return (None, None, None) if value is None else (value.value, value.low, value.high)


def _row_shares(view: ConfusionView) -> tuple[list[list[float | None]], list[int]]:
    totals = [sum(row) for row in view.counts]
    shares = [[n / total if total else None for n in row] for row, total in zip(view.counts, totals, strict=True)]
    return shares, totals


def _cell_words(view: ConfusionView, i: int, j: int, totals: list[int]) -> str:
    n, recall = view.counts[i][j], view.recall[i] if i == j else None
    told = f"{middle(view.classes[i], 60)} answered {middle(view.classes[j], 60)}: {n:,} of {totals[i]:,}"
    return f"{told} ({percent(n, totals[i])})" + (f", recall {estimate(recall)}" if recall else "")


def _mix_ups(view: ConfusionView, totals: list[int]) -> str:
    size = range(len(view.classes))
    wrong = sorted(
        ((view.counts[i][j], i, j) for i in size for j in size if i != j and view.counts[i][j]), reverse=True
    )
    right = sum(view.counts[i][i] for i in size)
    told = "; ".join(
        f"{middle(view.classes[i], 30)} answered {middle(view.classes[j], 30)}: {n:,} of {totals[i]:,}"
        for n, i, j in wrong[:NAMED]
    )
    share = f"{right:,} of {sum(totals):,} right. "
    return share + (f"Largest mix-ups: {told}." if told else "No mix-ups.")
