"""The proof as figures: behaviour and attribution of champion, control and candidate; what the change cost."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.contracts import ArtefactProof, Estimate, PriceLine, ProofLine
from pages._ui.download import Numbers
from pages._ui.format import interval, percent, signed
from pages._ui.plot_colours import Palette, palette
from pages._ui.plots import safe, styled

COLUMNS = ("artefact", "target", "measure", "of", "value", "low", "high", "n", "chance")
PRICE_COLUMNS = ("figure", "of", "value", "low", "high", "n", "better", "worse")
SYMBOLS = {"champion": "circle-open", "control": "diamond-open", "candidate": "circle"}
PRICE_ROW = 40


def models_of(line: ProofLine | PriceLine) -> list[tuple[str, Estimate]]:
    """Return the models of a line that were measured, in the order they are drawn."""
    named = (("champion", line.champion), ("control", line.control), ("candidate", line.candidate))
    return [(name, value) for name, value in named if value is not None]


def points(value: Estimate) -> str:
    """Return a change in percentage points with its interval: `−47 [−51, −43]`."""
    return f"{signed(100 * value.value, 0)} {span(value)}"


def span(value: Estimate) -> str:
    """Return the interval of a share in percent; what rounds to nothing has no sign."""
    return interval(round(100 * value.low) + 0.0, round(100 * value.high) + 0.0, 0)


def proof_plot(proof: ArtefactProof) -> go.Figure:
    """Return small plots side by side, one for each measure; each has a row for champion, control and candidate.

    Above each stands what is claimed, in percentage points; the dashed line is the level of chance.
    """
    ink = palette()
    heads = [f"{safe(_short(line.title), 22)}<br><b>{points(line.claimed)}</b>" for line in proof.lines]
    figure = make_subplots(1, max(1, len(heads)), shared_yaxes=True, subplot_titles=heads, horizontal_spacing=0.03)
    rows = list(dict.fromkeys(name for line in proof.lines for name, _ in models_of(line)))
    for column, line in enumerate(proof.lines, start=1):
        for name, value in models_of(line):
            figure.add_trace(_dot(line, name, value, rows.index(name), ink), row=1, col=column)
        if line.chance is not None:
            figure.add_vline(x=line.chance, line={"color": ink.grey, "dash": "dash", "width": 1}, row=1, col=column)
    figure.update_xaxes(range=[-0.06, 1.06], tickvals=[0, 0.5, 1], ticktext=["0", "50 %", "100"], zeroline=False)
    figure.update_yaxes(tickvals=list(range(len(rows))), ticktext=rows, range=[len(rows) - 0.5, -0.5], zeroline=False)
    figure.update_annotations(font={"size": 13, "color": ink.ink})
    figure.update_yaxes(showgrid=False)
    return styled(figure, 92 + 24 * len(rows), showlegend=False, hovermode="closest").update_layout(margin_t=48)


def _short(title: str) -> str:
    """Return a title without what stands in brackets: the caption says it."""
    return title.partition(" (")[0]


def _dot(line: ProofLine, name: str, value: Estimate, row: int, ink: Palette) -> go.Scatter:
    colour = ink.accent if name == "candidate" else ink.grey
    said = f"{line.title} · {name}: {percent(value.value)} {span(value)}, n {value.n:,}"
    return _marker(value, row, colour, SYMBOLS[name], said, name)


def _marker(value: Estimate, row: int, colour: str, symbol: str, said: str, name: str) -> go.Scatter:
    return go.Scatter(
        x=[value.value], y=[row], mode="markers", name=name, showlegend=False,
        error_x={"type": "data", "symmetric": False, "array": [value.high - value.value],
                 "arrayminus": [value.value - value.low], "color": colour, "thickness": 2, "width": 0},
        marker={"color": colour, "symbol": symbol, "size": 10, "line": {"color": colour, "width": 2}},
        customdata=[safe(said, 300)], hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip


def proof_numbers(proof: ArtefactProof) -> Numbers:
    """Return the figures of an artefact's proof as a table."""
    return Numbers(
        COLUMNS,
        tuple(
            (proof.artefact, proof.target, line.title, name, value.value, value.low, value.high, value.n, line.chance)
            for line in proof.lines
            for name, value in [*models_of(line), ("claimed effect", line.claimed)]
        ),
    )


def price_plot(price: Sequence[PriceLine]) -> go.Figure:
    """Return the changes from champion to candidate as dots with intervals; right of the line is better."""
    ink = palette()
    figure = go.Figure()
    for row, line in enumerate(price):
        said = f"{line.title}: {change_words(line)}, n {line.difference.n:,}"
        colour, symbol = (ink.orange, "x") if line.worse else (ink.accent, "circle")
        figure.add_trace(_marker(_better_right(line), row, colour, symbol, said, line.name))
    figure.add_vline(x=0, line={"color": ink.grey, "width": 1})
    labels = [f"{'<b>worse</b> · ' if line.worse else ''}{safe(line.title, 44)}<br>{moved(line)}" for line in price]
    figure.update_yaxes(tickvals=list(range(len(price))), ticktext=labels, range=[len(price) - 0.5, -0.5])
    figure.update_yaxes(showgrid=False, zeroline=False)
    reach = 110 * max(0.02, *(abs(edge) for line in price for edge in (line.difference.low, line.difference.high)))
    figure.update_xaxes(title_text="← worse · points · better →", tickformat="+.3~g", range=[-reach, reach])
    return styled(figure, 60 + PRICE_ROW * len(price), hovermode="closest").update_layout(margin_t=8)


def _better_right(line: PriceLine) -> Estimate:
    """Return a price's change in percentage points, turned so that right is better."""
    d = line.difference
    if line.better == "higher":
        return Estimate(100 * d.value, 100 * d.low, 100 * d.high, d.n)
    return Estimate(-100 * d.value, -100 * d.high, -100 * d.low, d.n)


def moved(line: PriceLine) -> str:
    """Return from where to where a price moved: `45 % → 91 %`."""
    return f"{percent(line.champion.value)} → {percent(line.candidate.value)}"


def change_words(line: PriceLine) -> str:
    """Return a price's change in words: `45 % → 91 %, +46 [+42, +50] points`."""
    return f"{moved(line)}, {points(line.difference)} points"


def price_numbers(price: Sequence[PriceLine]) -> Numbers:
    """Return the price as a table."""
    return Numbers(
        PRICE_COLUMNS,
        tuple(
            (line.title, name, value.value, value.low, value.high, value.n, line.better, line.worse)
            for line in price
            for name, value in [*models_of(line), ("candidate minus champion", line.difference)]
        ),
    )
