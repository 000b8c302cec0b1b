"""Pictures of groups: one panel for each rate, and gaps against their limits."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.contracts import Estimate, Gap, GapMetric, GroupRow, RateName
from pages._ui.format import estimate, number
from pages._ui.plot_colours import palette
from pages._ui.plots import FRAME, ROW, safe, styled

COLUMNS = 3
BETWEEN, AROUND = 52, 68
"""Heights in pixels: between two rows of panels (ticks and a title), and of the margins around all."""
RATE_TITLES: dict[RateName, str] = {
    "selection_rate": "Selection rate",
    "true_positive_rate": "True positive rate",
    "false_positive_rate": "False positive rate",
    "true_negative_rate": "True negative rate",
    "false_negative_rate": "False negative rate",
    "accuracy": "Accuracy",
    "auroc": "AUROC",
    "calibration_error": "Calibration error",
    "coverage": "Coverage of answer sets",
    "deferral": "Left to people",
}
GAP_TITLES: dict[GapMetric, str] = {
    "demographic_parity": "Demographic parity",
    "equal_opportunity": "Equal opportunity",
    "equalised_odds": "Equalised odds",
    "worst_group": "Worst group",
}
Point = tuple[int, Estimate, str]
"""Row, figure, what is said when a person points at it."""


def rate_plot(rows: Sequence[GroupRow]) -> go.Figure:
    """Return dots with intervals, a panel for each rate and a line for each group; rates of few cases are hollow."""
    names = [rate.rate for rate in rows[0].rates]
    lines, panel = -(-len(names) // COLUMNS), 20 + (ROW - 4) * len(rows)
    inner = lines * panel + (lines - 1) * BETWEEN
    figure = make_subplots(
        lines, COLUMNS, shared_yaxes=True, horizontal_spacing=0.04, vertical_spacing=BETWEEN / inner,
        subplot_titles=[RATE_TITLES[name] for name in names],
    )  # fmt: skip
    for place, name in enumerate(names):
        for small in (False, True):
            own = _points_of(rows, name, small)
            if own:
                ink = palette().grey if small else palette().accent
                trace = _dots(own, ink, "circle-open" if small else "circle")
                figure.add_trace(trace, row=place // COLUMNS + 1, col=place % COLUMNS + 1)
    labels = [safe(f"{row.group} (n {row.n:,})", 26) for row in rows]
    figure.update_yaxes(tickvals=list(range(len(rows))), ticktext=labels, range=[len(rows) - 0.4, -0.6], zeroline=False)
    figure.update_xaxes(range=[-0.02, 1.02], tickvals=[0, 0.5, 1], zeroline=False)
    styled(figure, inner + AROUND, hovermode="closest", showlegend=False)
    return figure.update_annotations(font={"color": palette().ink, "size": 13})


def _points_of(rows: Sequence[GroupRow], name: RateName, small: bool) -> list[Point]:
    few = ", few cases: compared with nothing" if small else ""
    return [
        (at, rate.estimate, f"{row.group}: {estimate(rate.estimate)}{few}")
        for at, row in enumerate(rows)
        for rate in row.rates
        if rate.rate == name and rate.small is small and rate.estimate is not None
    ]


def _dots(points: Sequence[Point], colour: str, symbol: str) -> go.Scatter:
    figures = [figure for _, figure, _ in points]
    return go.Scatter(
        x=[one.value for one in figures], y=[at for at, _, _ in points], mode="markers",
        error_x={"type": "data", "symmetric": False, "array": [one.high - one.value for one in figures],
                 "arrayminus": [one.value - one.low for one in figures], "color": colour, "thickness": 2, "width": 0},
        marker={"color": colour, "symbol": symbol, "size": 9, "line": {"color": colour, "width": 2}},
        customdata=[safe(words, 200) for _, _, words in points], hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip


def gap_plot(gaps: Sequence[Gap]) -> go.Figure:
    """Return gaps with intervals, one row each; a dashed line marks the policy's limit where there is one."""
    ink, figure = palette(), go.Figure()
    points: dict[bool, list[Point]] = {False: [], True: []}
    for at, gap in enumerate(gaps):
        over = gap.limit is not None and gap.difference.low > gap.limit
        limit = "" if gap.limit is None else f", limit {number(gap.limit)}"
        points[over].append((at, gap.difference, f"{GAP_TITLES[gap.metric]} {estimate(gap.difference)}{limit}"))
    for over, own in points.items():
        if own:
            figure.add_trace(_dots(own, ink.orange if over else ink.accent, "x" if over else "circle"))
    for at, gap in enumerate(gaps):
        if gap.limit is not None:
            line = {"color": ink.ink, "dash": "dash", "width": 2}
            figure.add_shape(type="line", x0=gap.limit, x1=gap.limit, y0=at - 0.42, y1=at + 0.42, line=line)
    figure.update_yaxes(
        tickvals=list(range(len(gaps))), ticktext=[GAP_TITLES[gap.metric] for gap in gaps], showgrid=False,
        range=[len(gaps) - 0.4, -0.6], zeroline=False,
    )  # fmt: skip
    figure.update_xaxes(title_text="gap; 0 is best", rangemode="tozero", zeroline=True)
    return styled(figure, FRAME + 2 * ROW * len(gaps), hovermode="closest", showlegend=False)
