"""The integrated path as an animation: the map as it adds up from 'absent' to the case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from struct import unpack

import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots

from core.contracts import FieldEvidence, FieldView, PathStep, PathView
from pages._ui import context
from pages._ui.download import Numbers
from pages._ui.evidence_ask import Shown, ask_part
from pages._ui.format import number, signed
from pages._ui.painter import data_url
from pages._ui.plot_colours import Palette, palette
from pages._ui.plots import draw_plot, safe, styled
from pages._ui.services import get_services
from pages._ui.text import plain

PATH_METHOD = "integrated_gradients"
TABLE = ""
"""Stands for all fields by their sums."""
STEP_MILLISECONDS = 350
MOST_BARS = 14
HEIGHT = 500


@dataclass(frozen=True, slots=True)
class Scene:
    """What moves: its trace at every step, and its axes."""

    traces: tuple[go.Image | go.Bar, ...]
    axes: Callable[[go.Figure], None]


def draw_path(shown: Shown) -> None:
    """Draw how the map of integrated gradients adds up."""
    path, who, form = get_services().evidence.path, context.actor(), shown.form
    found = ask_part(shown, "path", lambda: path(form, actor=who), "Walking from absent to this case.")
    if found is None:
        return
    shown.reading.remember(f"evidence:{PATH_METHOD}")
    fields = {one.name: one for one in shown.case.fields}
    views = _views(found.steps[-1].fields, fields)
    chosen = views[0]
    if len(views) > 1:
        chosen = st.segmented_control(
            "What to watch", views, key="path_field", required=True, default=views[0],
            format_func=lambda name: plain(fields[name].title) if name else "all fields",
        ) or views[0]  # fmt: skip
    _draw(shown, found, fields, chosen)


def _views(last: tuple[FieldEvidence, ...], fields: dict[str, FieldView]) -> list[str]:
    """Return what can be watched: pictures and texts by themselves, all fields by their sums."""
    own = [item.field for item in sorted(last, key=lambda one: -one.share) if item.heat or item.spans]
    known = [name for name in own if name in fields]
    return [*known, TABLE] if len(last) > 1 or not known else known


def _draw(shown: Shown, found: PathView, fields: dict[str, FieldView], chosen: str) -> None:
    ink = palette()
    scene = _scene(found, fields, chosen, ink)
    figure = make_subplots(cols=2, column_widths=[0.55, 0.45], horizontal_spacing=0.12)
    figure.add_trace(scene.traces[-1], row=1, col=1)
    for trace in _lines(found.steps, len(found.steps) - 1, ink):
        figure.add_trace(trace, row=1, col=2)
    figure.frames = [
        go.Frame(data=[trace, *_lines(found.steps, place, ink)], traces=[0, 1, 2, 3], name=str(place))
        for place, trace in enumerate(scene.traces)
    ]
    styled(figure, HEIGHT, hovermode="closest", sliders=[_slider(found.steps, ink)], updatemenus=[_buttons(ink)])
    figure.update_layout(margin={"l": 8, "r": 8, "t": 40, "b": 120})
    figure.update_xaxes(title_text="0 absent, 1 this case", range=[-0.03, 1.03], row=1, col=2)
    figure.update_yaxes(title_text="logit", row=1, col=2)
    scene.axes(figure)
    draw_plot(figure, key="evidence_path", name="integrated-path", words=_words(found), numbers=_numbers(found))
    st.caption(f"Absent means: {plain(found.baseline.rstrip('. '))}. Nothing moves until you press play.")


def _scene(found: PathView, fields: dict[str, FieldView], chosen: str, ink: Palette) -> Scene:
    steps = [{item.field: item for item in step.fields} for step in found.steps]
    if chosen == TABLE:
        names = sorted(steps[-1], key=lambda name: -abs(steps[-1][name].total))[:MOST_BARS]
        titles = [fields[name].title if name in fields else name for name in names]
        return _bars([[step[name].total for name in names] for step in steps], titles, ink)
    if steps[-1][chosen].spans:
        return _words_scene([step[chosen] for step in steps], fields[chosen].text or "", ink)
    return _picture([step[chosen] for step in steps], fields[chosen])


def _words_scene(items: list[FieldEvidence], text: str, ink: Palette) -> Scene:
    """Return bars of the words that are hottest at the end."""
    places = sorted(range(len(items[-1].spans)), key=lambda i: -abs(items[-1].spans[i][2]))[:MOST_BARS]
    titles = [text[start:end] for start, end, _ in (items[-1].spans[i] for i in places)]
    return _bars([[_value(item, i) for i in places] for item in items], titles, ink)


def _value(item: FieldEvidence, place: int) -> float:
    return item.spans[place][2] if place < len(item.spans) else 0.0


def _bars(values: list[list[float]], titles: list[str], ink: Palette) -> Scene:
    reach = 1.05 * max((abs(value) for row in values for value in row), default=0.0) or 1.0
    rows = list(range(len(titles)))
    traces = tuple(
        go.Bar(
            x=row, y=rows, orientation="h", hovertemplate="%{customdata}: %{x:.3g}<extra></extra>", showlegend=False,
            marker={"color": [ink.orange if value > 0 else ink.blue for value in row]},
            customdata=[safe(title, 60) for title in titles],
        )
        for row in values
    )  # fmt: skip

    def axes(figure: go.Figure) -> None:
        figure.update_xaxes(title_text="sum so far: orange for, blue against", range=[-reach, reach], row=1, col=1)
        figure.update_yaxes(
            tickvals=rows, ticktext=[safe(title, 22) for title in titles], autorange="reversed", showgrid=False,
            zeroline=False, row=1, col=1,
        )  # fmt: skip

    return Scene(traces, axes)


def _picture(items: list[FieldEvidence], field: FieldView) -> Scene:
    """Return the maps over the picture; maps may be smaller than it."""
    width, height = unpack(">II", items[-1].heat[16:24]) if items[-1].heat else (field.width, field.height)
    traces = tuple(
        go.Image(source=data_url(item.heat) if item.heat else None, hoverinfo="skip", zsmooth=False) for item in items
    )

    def axes(figure: go.Figure) -> None:
        figure.add_layout_image(
            source=data_url(field.image or b"", field.media_type), xref="x", yref="y", x=-0.5, y=-0.5, sizex=width,
            sizey=height, sizing="stretch", layer="below",
        )  # fmt: skip
        bare = {"visible": False, "constrain": "domain", "row": 1, "col": 1}
        figure.update_xaxes(range=[-0.5, width - 0.5], **bare)
        figure.update_yaxes(range=[height - 0.5, -0.5], scaleanchor="x", **bare)

    return Scene(traces, axes)


def _lines(steps: tuple[PathStep, ...], place: int, ink: Palette) -> list[go.Scatter]:
    """Return the model's logit along the path, the sum of the attributions up to `place`, and the place."""
    x, first, now = [step.place for step in steps], steps[0].logit, steps[place]
    sums = [first + step.total for step in steps[: place + 1]]
    return [
        go.Scatter(x=x, y=[step.logit for step in steps], mode="lines", name="the model's logit",
                   line={"color": ink.grey}, hovertemplate="logit %{y:.2f}<extra></extra>"),
        go.Scatter(x=x[: place + 1], y=sums, mode="lines", name="what the map adds up to",
                   line={"color": ink.accent, "dash": "dash"}, hovertemplate="sum %{y:.2f}<extra></extra>"),
        go.Scatter(x=[now.place], y=[sums[-1]], mode="markers", showlegend=False, hoverinfo="skip",
                   marker={"color": ink.accent, "size": 10}),
    ]  # fmt: skip


def _buttons(ink: Palette) -> dict[str, object]:
    move = {"frame": {"duration": STEP_MILLISECONDS, "redraw": True}, "transition": {"duration": 0}}
    play = {"label": "▶ play", "method": "animate", "args": [None, move | {"fromcurrent": True, "mode": "immediate"}]}
    still = {"frame": {"duration": 0, "redraw": True}, "mode": "immediate", "transition": {"duration": 0}}
    pause = {"label": "❚❚ pause", "method": "animate", "args": [[None], still]}
    return {
        "type": "buttons", "direction": "left", "buttons": [play, pause], "x": 0, "y": 0, "xanchor": "left",
        "yanchor": "top", "showactive": False, "bgcolor": ink.back, "bordercolor": ink.grey,
        "font": {"color": ink.ink}, "pad": {"t": 62, "r": 8},
    }  # fmt: skip


def _slider(steps: tuple[PathStep, ...], ink: Palette) -> dict[str, object]:
    still = {"frame": {"duration": 0, "redraw": True}, "mode": "immediate", "transition": {"duration": 0}}
    return {
        "active": len(steps) - 1, "x": 0.28, "len": 0.72, "y": 0, "yanchor": "top", "pad": {"t": 56},
        "currentvalue": {"visible": False},
        "steps": [
            {"label": number(step.place, 2), "method": "animate", "args": [[str(place)], still]}
            for place, step in enumerate(steps)
        ],
        "font": {"color": ink.ink}, "bgcolor": ink.grey, "bordercolor": ink.grey, "tickcolor": ink.grey,
    }  # fmt: skip


def _words(found: PathView) -> str:
    first, last = found.steps[0], found.steps[-1]
    half = next((step for step in found.steps if abs(step.total) >= 0.5 * abs(last.total)), last)
    return (
        f"From absent to this case the logit goes from {number(first.logit, 2)} to {number(last.logit, 2)} "
        f"({signed(last.logit - first.logit)}); the map adds up to {signed(last.total)}, half of it by place "
        f"{number(half.place, 2)}."
    )


def _numbers(found: PathView) -> Numbers:
    names = [item.field for item in found.steps[-1].fields]
    rows = tuple((step.place, step.logit, step.total, *(item.total for item in step.fields)) for step in found.steps)
    return Numbers(("place", "logit", "sum", *names), rows)
