"""The tests of explanation methods as figures: one test at a time, who agrees with whom, where the maps lie."""

from __future__ import annotations

from collections.abc import Iterator

import plotly.graph_objects as go
import streamlit as st

from core.contracts import Estimate, MethodReport, MethodTest, QualityReport
from pages._ui.download import Numbers
from pages._ui.format import decimals, interval, number
from pages._ui.guard import guarded
from pages._ui.plots import Dot, Mark, dot_plot, draw_plot, heat_plot

MARKS: dict[str, Mark] = {"pass": "good", "fail": "bad", "not assessable": "open"}
MEASURES = ("rank correlation", "overlap of the hottest tenth")
WRITTEN = 12
"""Up to this many methods the agreement is written into the cells."""
Pairs = dict[tuple[str, str], Estimate]


def limit_words(test: MethodTest) -> str:
    """Return what a test wants: `above 0.00`, or nothing where it has no limit."""
    if test.limit is None:
        return ""
    return f"{'above' if test.better == 'higher' else 'below'} {number(test.limit, max(2, decimals(test.limit)))}"


def figure(value: Estimate | None, *, n: bool = False) -> str:
    """Return a figure with its interval, and with n where it is asked for."""
    if value is None:
        return number(None)
    places = min(2, decimals(value.value))
    told = f"{number(value.value, places)} {interval(value.low, value.high, places)}"
    return f"{told} n {value.n:,}" if n else told


@st.fragment
def draw_methods(report: QualityReport) -> None:
    """Draw one test of all methods, how alike their maps are, and where their maps lie."""
    with guarded(), st.container(key="quality_figures"):
        left, right = st.columns(2, gap="large")
        with left:
            _tests(report)
        with right:
            _agreement(report)
        _localisation(report)


def _named(report: QualityReport) -> dict[str, MethodTest]:
    return {test.name: test for method in reversed(report.methods) for test in reversed(method.tests)}


def _tests(report: QualityReport) -> None:
    tests = dict(reversed(_named(report).items()))
    if not tests:
        return
    chosen = st.selectbox(
        "Test", list(tests), key="quality_test", format_func=lambda name: tests[name].title if name in tests else name
    )
    test = tests[chosen]
    dots = [dot for method in report.methods for dot in _dots(method, chosen)]
    words = _test_words(report, test)
    plot = dot_plot(dots, title=f"{test.better} is better", limit=test.limit)
    draw_plot(plot, key="quality_plot", name=f"quality-{chosen}", words=words, numbers=numbers_of(report, (chosen,)))


def _dots(method: MethodReport, name: str) -> Iterator[Dot]:
    for test in method.tests:
        if test.name == name and test.value is not None:
            yield _dot(method.title, test.value, MARKS[test.verdict], f"{method.title}: {test.verdict}, {test.reason}")
            if test.chance is not None:
                yield _dot(method.title, test.chance, "chance", f"{method.title}: chance level")


def _dot(row: str, value: Estimate, mark: Mark, words: str) -> Dot:
    return Dot(row, value.value, value.low, value.high, f"{words} · {figure(value, n=True)}", mark)


def _test_words(report: QualityReport, test: MethodTest) -> str:
    found = [(method.title, one.verdict) for method in report.methods for one in method.tests if one.name == test.name]
    parts = [
        f"{words} {', '.join(title for title, verdict in found if verdict == name)}"
        for name, words in (("pass", "passed by"), ("fail", "failed by"), ("not assessable", "not assessable for"))
        if any(verdict == name for _, verdict in found)
    ]
    limit = f" (limit: {limit_words(test)})" if test.limit is not None else ""
    return f"{test.title}{limit}: {'; '.join(parts)}."


def numbers_of(report: QualityReport, names: tuple[str, ...] = ()) -> Numbers:
    """Return the numbers of the tests called `names`, of all tests without names."""
    rows = [
        (method.method, method.support, test.name, *_parts(test.value), test.limit, test.better,
         *_parts(test.chance)[:3], test.verdict, test.counts, test.reason)
        for method in report.methods
        for test in method.tests
        if test.name in names or not names
    ]  # fmt: skip
    columns = ("method", "support", "test", "value", "low", "high", "n", "limit", "better", "chance", "chance low",
               "chance high", "verdict", "decides", "reason")  # fmt: skip
    return Numbers(columns, tuple(rows))


def _parts(value: Estimate | None) -> tuple[float | None, float | None, float | None, int | None]:
    return (None, None, None, None) if value is None else (value.value, value.low, value.high, value.n)


def _agreement(report: QualityReport) -> None:
    if not report.agreement:
        st.caption("How alike the methods' maps are is measured when there are two of them.")
        return
    overlap = st.selectbox("How alike the maps are", MEASURES, key="agreement_measure") == MEASURES[1]
    titles = {method.method: method.title for method in report.methods}
    pairs = {(one.one, one.other): one.overlap if overlap else one.correlation for one in report.agreement}
    rows = tuple((a.one, a.other, *_parts(a.correlation), *_parts(a.overlap)[:3]) for a in report.agreement)
    columns = ("one", "other", "correlation", "low", "high", "n", "overlap", "overlap low", "overlap high")
    words = _alike(pairs, titles) + (" Chance is 0.1." if overlap else "")
    plot = _agreement_plot(pairs, titles, signed=not overlap)
    draw_plot(plot, key="agreement_plot", name="agreement", words=words, numbers=Numbers(columns, rows))


def _agreement_plot(pairs: Pairs, titles: dict[str, str], *, signed: bool) -> go.Figure:
    found = [[_pair(pairs, one, other) for other in titles] for one in titles]
    names = tuple(titles.values())
    said = [
        [f"{one} and {other}: {figure(value, n=True)}" for other, value in zip(names, row, strict=True)]
        for one, row in zip(names, found, strict=True)
    ]
    cells = [[number(value.value, 2) if value else "" for value in row] for row in found]
    return heat_plot(
        [[value.value if value else None for value in row] for row in found], rows=names, columns=names, said=said,
        cells=cells if len(names) <= WRITTEN else None, signed=signed,
    )  # fmt: skip


def _pair(pairs: Pairs, one: str, other: str) -> Estimate | None:
    return pairs.get((one, other)) or pairs.get((other, one))


def _alike(pairs: Pairs, titles: dict[str, str]) -> str:
    ordered = sorted(pairs.items(), key=lambda item: -item[1].value)
    told = [
        f"{titles.get(one, one)} and {titles.get(other, other)} {figure(value)}"
        for (one, other), value in (ordered[0], ordered[-1])
    ]
    return f"Most alike: {told[0]}." if len(ordered) == 1 else f"Most alike: {told[0]}; least: {told[1]}."


def _localisation(report: QualityReport) -> None:
    found = [(method, *one) for method in report.methods for one in method.artefacts]
    if not found:
        st.caption("Where people marked an artefact, its share of each method's map is measured here against chance.")
        return
    dots: list[Dot] = []
    for method, artefact, share, chance in found:
        row = f"{method.title} · {artefact}"
        dots += [_dot(row, share, "good", f"{row}: inside the marks"), _dot(row, chance, "chance", f"{row}: chance")]
    method, artefact, share, chance = found[0]
    inside = f"Of the map of {method.title}, {figure(share)} lies inside the marks of {artefact}"
    words = f"{inside}; chance is {figure(chance)}."
    rows = tuple((m.method, name, *_parts(own), *_parts(level)[:3]) for m, name, own, level in found)
    columns = ("method", "artefact", "share", "low", "high", "n", "chance", "chance low", "chance high")
    plot = dot_plot(dots, title="share of the map inside people's marks", names={"good": "inside the marks"})
    draw_plot(plot, key="localisation_plot", name="inside-marks", words=words, numbers=Numbers(columns, rows))
