"""Who is helped or harmed, and who relies rightly: by reader, experience and group."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core.contracts import Estimate, TeamRow, TeamView
from pages._ui.download import Numbers
from pages._ui.format import estimate, interval, number
from pages._ui.plots import Dot, Mark, dot_plot, draw_plot
from pages._ui.text import count

FIGURES = {
    "person": "person alone", "model": "model alone", "team": "together", "gain": "gain", "helped": "helped",
    "harmed": "harmed", "over_reliance": "over-reliance", "under_reliance": "under-reliance",
    "seconds": "seconds for a read",
}  # fmt: skip
SMALL = "too few cases to compare"
FEWEST = 10
"""Reads behind a dot below which it is grey, too, whatever its cut holds."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two figures of each cut that belong together."""

    key: str
    first: str
    second: str
    title: str
    meaning: str


SWITCHES = Pair(
    "team_switches", "helped", "harmed", "share of reads",
    "Helped: wrong reads that became right verdicts. Harmed: right reads that became wrong ones.",
)  # fmt: skip
RELIANCE = Pair(
    "team_reliance", "over_reliance", "under_reliance", "share of the model's answers that the reader had not given",
    "Over-reliance: wrong answers of the model that were accepted. Under-reliance: right ones that were rejected. "
    "Lower is better for both.",
)  # fmt: skip


def draw_switches(view: TeamView) -> None:
    """Draw who is helped and who harmed, and the table of all figures by reader, experience and group."""
    st.header("Who is helped, who is harmed?", anchor=False)
    draw_pair(view.rows, SWITCHES)
    with st.expander("All figures by reader, experience and group", key="team_table"):
        st.dataframe(
            table(view.rows), hide_index=True, alt="All figures by reader, experience and group, with intervals and n"
        )
        st.caption(f"With 95 % intervals and n. * {SMALL}.")


def draw_reliance(view: TeamView) -> None:
    """Draw how far people take over wrong answers and reject right ones."""
    st.header("Do people rely rightly?", anchor=False)
    draw_pair(view.rows, RELIANCE)


def draw_pair(rows: tuple[TeamRow, ...], pair: Pair) -> None:
    """Draw two figures of each cut as dots with intervals; cuts of few cases in grey."""
    dots = pair_dots(rows, pair)
    if not dots:
        st.info("No read can tell yet: in all of them the model said what the person had said.")
        return
    names: dict[Mark, str] = {"good": FIGURES[pair.first], "bad": FIGURES[pair.second], "open": SMALL}
    numbers = [(row.cut, name, one) for row in rows for name in (pair.first, pair.second) if (one := _of(row, name))]
    draw_plot(
        dot_plot(dots, title=pair.title, names=names), key=pair.key, name=pair.key, words=_all_words(rows[0], pair),
        numbers=Numbers(
            ("cut", "figure", "value", "low", "high", "n"),
            tuple((cut, name, one.value, one.low, one.high, one.n) for cut, name, one in numbers),
        ),
    )  # fmt: skip
    st.caption(pair.meaning)


def pair_dots(rows: tuple[TeamRow, ...], pair: Pair) -> list[Dot]:
    """Return the dots of two figures, a line for each cut and figure."""
    found: list[Dot] = []
    marks: tuple[tuple[str, Mark], ...] = ((pair.first, "good"), (pair.second, "bad"))
    for row in rows:
        for name, mark in marks:
            one = _of(row, name)
            if one is not None:
                words = f"{row.cut}: {FIGURES[name]} {estimate(one)} of {count(row.reads, 'read')}"
                line = f"{row.cut} · {FIGURES[name]}"
                found.append(
                    Dot(line, one.value, one.low, one.high, words, "open" if row.small or one.n < FEWEST else mark)
                )
    return found


def table(rows: tuple[TeamRow, ...]) -> pd.DataFrame:
    """Return all figures of all cuts as words with intervals and n."""
    lines = [
        [row.cut + (" *" if row.small else ""), row.cases, row.reads, *(_cell(_of(row, name)) for name in FIGURES)]
        for row in rows
    ]
    return pd.DataFrame(lines, columns=["cut", "cases", "reads", *FIGURES.values()])


def _of(row: TeamRow, name: str) -> Estimate | None:
    found: Estimate | None = getattr(row, name)
    return found


def _cell(one: Estimate | None) -> str:
    return number(None) if one is None else f"{estimate(one)}"


def _all_words(row: TeamRow, pair: Pair) -> str:
    """Return both figures of all reads in words."""
    told = []
    for name in (pair.first, pair.second):
        one = _of(row, name)
        words = (
            "no read can tell" if one is None else f"{number(one.value, 2)} {interval(one.low, one.high)} of {one.n:,}"
        )
        told.append(f"{FIGURES[name]} {words}")
    return f"Over all reads: {'; '.join(told)}."
