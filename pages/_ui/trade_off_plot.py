"""Accuracy against both gaps, one point for each model."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.contracts import Estimate, GapMetric, TradePoint
from pages._ui.fairness_plots import GAP_TITLES
from pages._ui.format import estimate
from pages._ui.plot_colours import palette
from pages._ui.plots import safe, styled

HEIGHT = 400
Of = Callable[[TradePoint], Estimate]


def _parity(point: TradePoint) -> Estimate:
    return point.demographic_parity


def _odds(point: TradePoint) -> Estimate:
    return point.equalised_odds


def panels(metric: GapMetric) -> tuple[tuple[GapMetric, Of], tuple[GapMetric, Of]]:
    """Return both gaps, the one that the trade-off is about first."""
    parity: tuple[GapMetric, Of] = ("demographic_parity", _parity)
    odds: tuple[GapMetric, Of] = ("equalised_odds", _odds)
    return (parity, odds) if metric == "demographic_parity" else (odds, parity)


def trade_off_plot(
    points: Sequence[TradePoint], metric: GapMetric, chosen: int, limits: dict[GapMetric, float]
) -> go.Figure:
    """Return one panel for each gap; points are numbered as in the list, those that no other beats are filled.

    Parameters
    ----------
    points
        All models.
    metric
        The gap that comes first, whose efficient points are joined.
    chosen
        Place of the point that is looked at, which has a ring.
    limits
        The policy's limits, drawn as dashed lines.
    """
    figure = make_subplots(1, 2, shared_yaxes=True, horizontal_spacing=0.05)
    for column, (name, of) in enumerate(panels(metric), 1):
        if column == 1:
            figure.add_trace(_front(points, of), row=1, col=1)
        _add_points(figure, points, of, chosen, column)
        figure.update_xaxes(title_text=f"{GAP_TITLES[name].lower()} gap (0 is best)", row=1, col=column)
        if name in limits:
            dashed = {"color": palette().ink, "dash": "dash", "width": 1}
            figure.add_vline(x=limits[name], line=dashed, row=1, col=column)
    figure.update_xaxes(rangemode="tozero", zeroline=True).update_yaxes(zeroline=False)
    figure.update_yaxes(title_text="accuracy", row=1, col=1)
    styled(figure, HEIGHT, hovermode="closest", clickmode="event+select")
    return figure


def _front(points: Sequence[TradePoint], of: Of) -> go.Scatter:
    """Return the line through the models that no other beats."""
    best = sorted((point for point in points if point.efficient), key=lambda point: of(point).value)
    return go.Scatter(
        x=[of(point).value for point in best], y=[point.accuracy.value for point in best], mode="lines",
        line={"color": palette().grey, "width": 1}, hoverinfo="skip", showlegend=False,
    )  # fmt: skip


def _add_points(figure: go.Figure, points: Sequence[TradePoint], of: Of, chosen: int, column: int) -> None:
    ink = palette()
    for name, colour, symbol, belongs in (
        ("is a version", ink.orange, "diamond", lambda point: point.version is not None),
        ("no other one beats it", ink.accent, "circle", lambda point: point.version is None and point.efficient),
        ("another one beats it", ink.grey, "circle-open", lambda point: point.version is None and not point.efficient),
    ):
        own = [(place, point) for place, point in enumerate(points) if belongs(point)]
        if own:
            figure.add_trace(_dots(own, of, chosen, (name, colour, symbol), column == 1), row=1, col=column)


def _dots(
    own: Sequence[tuple[int, TradePoint]], of: Of, chosen: int, look: tuple[str, str, str], named: bool
) -> go.Scatter:
    (name, colour, symbol), ink = look, palette()
    gaps, right = [of(point) for _, point in own], [point.accuracy for _, point in own]
    said = [
        safe(f"{place + 1}. {point.title}: accuracy {estimate(point.accuracy)}, gap {estimate(of(point))}", 240)
        for place, point in own
    ]
    rings = [3 if place == chosen else 1 for place, _ in own]
    return go.Scatter(
        x=[one.value for one in gaps], y=[one.value for one in right], mode="markers+text", name=name, showlegend=named,
        legendgroup=name, error_x=_whiskers(gaps, colour), error_y=_whiskers(right, colour),
        text=[f"<b>{place + 1}</b>" if place == chosen else str(place + 1) for place, _ in own],
        textposition="top right", textfont={"color": ink.ink, "size": 13},
        marker={"color": colour, "symbol": symbol, "size": [16 if ring > 1 else 11 for ring in rings],
                "line": {"color": ink.ink if symbol != "circle-open" else colour, "width": rings}},
        customdata=[[place, words] for (place, _), words in zip(own, said, strict=True)],
        hovertemplate="%{customdata[1]}<extra></extra>", selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}, "textfont": {"color": ink.ink}},
    )  # fmt: skip


def _whiskers(figures: Sequence[Estimate], colour: str) -> dict[str, object]:
    above, below = [one.high - one.value for one in figures], [one.value - one.low for one in figures]
    return {
        "type": "data", "symmetric": False, "array": above, "arrayminus": below, "color": colour, "thickness": 1,
        "width": 0,
    }  # fmt: skip
