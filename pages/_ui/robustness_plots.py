"""The figures of robustness: right answers against severity, and the smallest changes that flip."""

from __future__ import annotations

import plotly.graph_objects as go

from core.contracts import CorruptionLine, Estimate, RobustnessReport
from pages._ui.plot_colours import palette
from pages._ui.plots import safe, styled

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x")
BINS = 24
HEIGHT = 330


def corruption_plot(report: RobustnessReport) -> go.Figure:
    """Return the share of right answers over severity, 0 as pictures are; one line with intervals per corruption."""
    ink = palette()
    colours = (ink.accent, ink.orange, ink.blue, ink.grey, ink.ink)
    kinds: dict[str, list[CorruptionLine]] = {}
    for one in report.corruptions:
        kinds.setdefault(one.title, []).append(one)
    figure = go.Figure()
    for place, (title, lines) in enumerate(kinds.items()):
        colour, shift = colours[place % len(colours)], 0.07 * (place - (len(kinds) - 1) / 2)
        points = [(0, report.clean), *((one.severity, one.accuracy) for one in lines)]
        figure.add_trace(_line(title, points, shift, colour, SYMBOLS[place % len(SYMBOLS)]))
    figure.update_xaxes(title_text="severity (0: as they are)", tickvals=list(range(6)))
    figure.update_yaxes(title_text="share right", range=[0, 1.03])
    return styled(figure, HEIGHT, hovermode="closest")


def _line(title: str, points: list[tuple[int, Estimate]], shift: float, colour: str, symbol: str) -> go.Scatter:
    values = [value for _, value in points]
    return go.Scatter(
        x=[severity + shift * (severity > 0) for severity, _ in points], y=[value.value for value in values],
        mode="lines+markers", name=safe(title), line={"color": colour, "width": 1.5},
        marker={"color": colour, "symbol": symbol, "size": 8},
        error_y={"type": "data", "symmetric": False, "array": [value.high - value.value for value in values],
                 "arrayminus": [value.value - value.low for value in values], "color": colour, "thickness": 1,
                 "width": 0},
        customdata=[severity for severity, _ in points],
        hovertemplate=f"{safe(title)}, severity %{{customdata}}: %{{y:.2f}} right<extra></extra>",
    )  # fmt: skip


def flips_plot(smallest: tuple[float, ...]) -> go.Figure:
    """Return how many cases flip at which smallest change."""
    ink = palette()
    width = max(smallest) / BINS
    figure = go.Figure(
        go.Histogram(
            x=list(smallest), xbins={"start": 0, "end": max(smallest) + width, "size": width},
            marker={"color": ink.accent, "line": {"color": ink.back, "width": 1}},
            hovertemplate="%{y} cases flip within %{x}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(
        title_text="largest change of a pixel, from 0 to 1", range=[0, max(smallest) + width]
    ).update_yaxes(title_text="cases")
    return styled(figure, HEIGHT)
