"""Plotly figures in the workbench's own look: both themes, system font, one accent colour, words for each figure.

A figure never shows user text as HTML (Plotly reads `<b>` in labels): every label goes through `safe`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

import plotly.graph_objects as go
import streamlit as st

from pages._ui.download import Numbers, download_numbers
from pages._ui.plot_colours import ink_at, palette, parts_of, written_on
from pages._ui.text import plain

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"
ROW, FRAME = 26, 96
"""Heights in pixels: of a row of a figure, and of all around the rows."""
Mark = Literal["good", "bad", "open", "chance"]


@dataclass(frozen=True, slots=True)
class Dot:
    """A figure with its interval in one row of a dot plot."""

    row: str
    value: float
    low: float
    high: float
    words: str
    """What is said when a person points at it."""
    mark: Mark = "good"


@dataclass(frozen=True, slots=True)
class Line:
    """A line over x, with a band where `low` and `high` are given."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    dash: Literal["solid", "dash", "dot"] = "solid"


@dataclass(frozen=True, slots=True)
class Bar:
    """A signed bar of one row, with its interval where there is one."""

    row: str
    value: float
    low: float | None = None
    high: float | None = None


def middle(text: str, length: int = 40) -> str:
    """Return `text` on one line, cut in its middle to `length`: names that begin alike often differ at their end."""
    line = " ".join(text.split())
    tail = (length - 1) // 2
    return line if len(line) <= length else f"{line[: length - 1 - tail].rstrip()}…{line[-tail:].lstrip()}"


def safe(text: str, length: int = 40) -> str:
    """Return user text as a label that Plotly shows letter by letter, cut to `length`."""
    return escape(middle(text, length), quote=False)


def styled(figure: go.Figure, height: int, **layout: Any) -> go.Figure:
    """Return `figure` in this theme's look, `height` pixels high."""
    ink = palette()
    axis = {
        "gridcolor": ink.grid, "linecolor": ink.grey, "zerolinecolor": ink.grey, "tickcolor": ink.grey,
        "tickfont": {"color": ink.ink}, "title": {"font": {"color": ink.ink}}, "automargin": True, "fixedrange": True,
    }  # fmt: skip
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    hover = {"bgcolor": ink.back, "bordercolor": ink.grey, "align": "left", "font": {"color": ink.ink, "family": FONT}}
    figure.update_layout(
        height=height, margin={"l": 8, "r": 8, "t": 34, "b": 8}, paper_bgcolor=ink.back, plot_bgcolor=ink.back,
        font={"family": FONT, "size": 13, "color": ink.ink}, hoverlabel=hover, dragmode=False, template="none",
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": ink.grey, "activecolor": ink.ink},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "font": {"color": ink.ink}},
        **layout,
    )  # fmt: skip
    return figure


def draw_plot(
    figure: go.Figure,
    *,
    key: str,
    name: str,
    words: str,
    numbers: Numbers,
    on_select: Callable[[], None] | Literal["ignore"] = "ignore",
) -> None:
    """Draw `figure` in a container with the element key `key`: picture (saved as PNG by its button), words, CSV.

    `words` is the text alternative, one sentence in Markdown-free text; `name` the files' name; `on_select` is
    called when a person picks a point, which is then in the session's state under `KEY_figure`.
    """
    config = {
        "displaylogo": False, "displayModeBar": True, "modeBarButtons": [["toImage"]], "scrollZoom": False,
        "doubleClick": False, "showTips": False, "plotlyServerURL": "",
        "toImageButtonOptions": {"format": "png", "filename": name, "scale": 2},
    }  # fmt: skip
    with st.container(key=key, gap="xsmall"):
        st.plotly_chart(
            figure, theme=None, config=config, alt=words, key=f"{key}_figure", on_select=on_select,
            selection_mode="points",
        )  # fmt: skip
        with st.container(horizontal=True, wrap=False, gap="small"):
            st.caption(plain(words), width="stretch")
            download_numbers(numbers, key=key, name=name)


_SHAPES: dict[Mark, tuple[str, str]] = {
    "good": ("circle", "passed"),
    "bad": ("x", "failed"),
    "open": ("circle-open", "not assessable"),
    "chance": ("diamond-open", "chance level"),
}


def dot_plot(
    dots: Sequence[Dot], *, title: str, limit: float | None = None, names: dict[Mark, str] | None = None
) -> go.Figure:
    """Return a plot of figures with intervals, one row for each `Dot.row`; dashed line: the limit; thin line: zero.

    Shapes, not colours alone, tell the marks apart.
    """
    ink = palette()
    rows = list(dict.fromkeys(dot.row for dot in dots))
    colours: dict[Mark, str] = {"good": ink.accent, "bad": ink.orange, "open": ink.grey, "chance": ink.grey}
    figure = go.Figure()
    for mark, (symbol, word) in _SHAPES.items():
        own = [dot for dot in dots if dot.mark == mark]
        if own:
            figure.add_trace(_dots(own, rows, colours[mark], symbol, (names or {}).get(mark, word)))
    if limit is not None:
        figure.add_vline(x=limit, line={"color": ink.ink, "dash": "dash", "width": 1})
    figure.add_vline(x=0, line={"color": ink.grey, "width": 1})
    figure.update_yaxes(tickvals=list(range(len(rows))), ticktext=[safe(row) for row in rows], zeroline=False)
    figure.update_yaxes(range=[len(rows) - 0.4, -0.6], showgrid=False)
    figure.update_xaxes(title_text=title)
    return styled(figure, FRAME + ROW * len(rows), hovermode="closest")


def _dots(dots: list[Dot], rows: list[str], colour: str, symbol: str, name: str) -> go.Scatter:
    shift = 0.25 if "diamond" in symbol else 0.0
    return go.Scatter(
        x=[dot.value for dot in dots], y=[rows.index(dot.row) + shift for dot in dots], mode="markers", name=name,
        error_x={"type": "data", "symmetric": False, "array": [dot.high - dot.value for dot in dots],
                 "arrayminus": [dot.value - dot.low for dot in dots], "color": colour, "thickness": 2, "width": 0},
        marker={"color": colour, "symbol": symbol, "size": 10, "line": {"color": colour, "width": 2}},
        customdata=[safe(dot.words, 300) for dot in dots], hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip


def heat_plot(
    values: Sequence[Sequence[float | None]],
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    said: Sequence[Sequence[str]],
    cells: Sequence[Sequence[str]] | None = None,
    signed: bool = False,
    titles: tuple[str, str] = ("", ""),
) -> go.Figure:
    """Return a matrix of colours from 0 to 1, or from -1 to 1 when `signed`; `cells` are written into it."""
    ink, labels = palette(), [safe(row, 28) for row in rows]
    stops = ink.sign if signed else ink.magnitude
    scale = [[place / (len(stops) - 1), colour] for place, colour in enumerate(stops)]
    figure = go.Figure(
        go.Heatmap(
            z=values, zmin=-1 if signed else 0, zmax=1, colorscale=scale, xgap=1, ygap=1,
            hovertemplate="%{customdata}<extra></extra>",
            customdata=[[safe(words, 300) for words in row] for row in said], hoverongaps=False,
            colorbar={"thickness": 10, "outlinewidth": 0, "tickfont": {"color": ink.ink}},
        )
    )  # fmt: skip
    if cells:
        figure.add_trace(_written(values, cells, stops, -1 if signed else 0))
    small = {"size": 9} if len(rows) > 20 else {}
    figure.update_yaxes(autorange="reversed", tickvals=list(range(len(rows))), ticktext=labels, title_text=titles[0])
    figure.update_xaxes(tickvals=list(range(len(columns))), ticktext=[safe(one, 28) for one in columns])
    long = max(map(len, columns), default=0) > 3
    figure.update_xaxes(title_text=titles[1], tickangle=(-90 if len(columns) > 8 else -45) if long else 0)
    figure.update_xaxes(showgrid=False, zeroline=False).update_yaxes(showgrid=False, zeroline=False)
    below = 5 * min(28, max(map(len, columns), default=0))
    styled(figure, 110 + below + (15 if small else ROW + 4) * max(4, len(rows)))
    return figure.update_xaxes(tickfont=small).update_yaxes(tickfont=small)


def _written(
    values: Sequence[Sequence[float | None]], cells: Sequence[Sequence[str]], stops: Sequence[str], low: float
) -> go.Scatter:
    """Return the words in the cells of a matrix, each in the ink that is read best on its cell."""
    places = [(i, j, value) for i, row in enumerate(values) for j, value in enumerate(row) if value is not None]
    return go.Scatter(
        x=[j for _, j, _ in places], y=[i for i, _, _ in places], text=[cells[i][j] for i, j, _ in places], mode="text",
        textfont={"color": [written_on(ink_at(stops, value, low)) for _, _, value in places], "size": 12},
        hoverinfo="skip", showlegend=False,
    )  # fmt: skip


def line_plot(lines: Sequence[Line], *, x_title: str, y_title: str, height: int = 260) -> go.Figure:
    """Return lines over one x axis; a line's band is drawn under it in its colour."""
    ink = palette()
    colours = (ink.accent, ink.grey, ink.orange, ink.blue)
    figure = go.Figure()
    for place, line in enumerate(lines):
        colour = colours[place % len(colours)]
        if line.low:
            figure.add_trace(_band(line, colour))
        figure.add_trace(
            go.Scatter(
                x=line.x, y=line.y, mode="lines", name=safe(line.name), line={"color": colour, "dash": line.dash},
                hovertemplate=f"{safe(line.name)}: %{{y:.2f}} at %{{x:.2f}}<extra></extra>",
            )
        )  # fmt: skip
    figure.update_xaxes(title_text=x_title).update_yaxes(title_text=y_title)
    return styled(figure, height, hovermode="closest")


def _band(line: Line, colour: str) -> go.Scatter:
    red, green, blue = parts_of(colour)
    return go.Scatter(
        x=[*line.x, *reversed(line.x)], y=[*line.high, *reversed(line.low)], fill="toself", mode="none",
        fillcolor=f"rgba({red}, {green}, {blue}, 0.2)", hoverinfo="skip", showlegend=False,
    )  # fmt: skip


def bar_plot(series: Sequence[tuple[str, Sequence[Bar]]], *, title: str) -> go.Figure:
    """Return signed bars from zero, one row for each `Bar.row`, named series side by side; intervals as whiskers."""
    ink = palette()
    rows = list(dict.fromkeys(bar.row for _, bars in series for bar in bars))
    figure = go.Figure()
    for place, (name, bars) in enumerate(series):
        own = [bar for bar in bars if bar.row in rows]
        figure.add_trace(
            go.Bar(
                x=[bar.value for bar in own], y=[rows.index(bar.row) for bar in own], orientation="h", name=safe(name),
                marker={"color": ink.accent if place else ink.grey, "pattern": {"shape": "" if place else "/"}},
                error_x=_whiskers(own, ink.ink), customdata=[safe(bar.row, 120) for bar in own],
                hovertemplate=f"{safe(name)} · %{{customdata}}: %{{x:.3g}}<extra></extra>",
            )
        )  # fmt: skip
    figure.update_yaxes(tickvals=list(range(len(rows))), ticktext=[safe(row, 30) for row in rows], autorange="reversed")
    figure.update_yaxes(showgrid=False, zeroline=False).update_xaxes(title_text=title, zeroline=True)
    return styled(figure, FRAME + (14 + 12 * len(series)) * len(rows), barmode="group", showlegend=len(series) > 1)


def _whiskers(bars: list[Bar], colour: str) -> dict[str, Any] | None:
    if not any(bar.low is not None for bar in bars):
        return None
    above = [0.0 if bar.high is None else bar.high - bar.value for bar in bars]
    below = [0.0 if bar.low is None else bar.value - bar.low for bar in bars]
    return {"type": "data", "symmetric": False, "array": above, "arrayminus": below, "color": colour, "thickness": 1.5}
