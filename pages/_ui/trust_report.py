"""The quality report of explanations: one row for each method, its tests as figures, who agrees with whom."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.contracts import MethodReport, MethodTest, QualityReport, Support, TrustView
from pages._ui.format import number, seconds, when
from pages._ui.text import count, plain, spaced
from pages._ui.trust_methods import draw_methods, figure, limit_words, numbers_of

SUPPORT: dict[Support, str] = {
    "supported": ":material/check_circle:\u00a0supported",
    "not supported": ":material/cancel:\u00a0not\u00a0supported",
    "not assessed": ":material/help: not assessed",
}
VERDICTS = {"pass": ":material/check:", "fail": ":material/close:", "not assessable": ":material/question_mark:"}


def draw_report(view: TrustView) -> None:
    """Draw the report of the version, or what it would say."""
    report = view.report
    if report is None:
        st.info(
            f"Nothing was measured for {plain(view.version or '')} yet. A report tells for each method whether its "
            "maps are better than random ones, change with the model, and stay the same when asked twice."
        )
        return
    best = report.default
    title = next((one.title for one in report.methods if one.method == best), None)
    st.caption(
        f"Measured {when(report.created)} on {count(report.cases, 'case')} in {seconds(report.seconds)}, 95 % "
        "intervals in brackets. "
        + (f"The review shows **{plain(title)}** first." if title else "**No method is supported here.**")
    )
    _table(report)
    draw_methods(report)
    _every_test(report)


def _counting(report: QualityReport) -> dict[str, MethodTest]:
    """Return one example of each test that decides about support, in the report's order."""
    found: dict[str, MethodTest] = {}
    for method in report.methods:
        for test in method.tests:
            if test.counts:
                found.setdefault(test.name, test)
    return found


def _table(report: QualityReport) -> None:
    tests = _counting(report)
    rows = [_row(method, tests, report.cases) for method in report.methods]
    heads = {name: f"{plain(test.title)} :small[({limit_words(test) or 'no limit'})]" for name, test in tests.items()}
    columns = ["method", "on this model", *heads.values(), "one map takes"]
    with st.container(key="quality_table", gap="xsmall"):
        st.table(
            pd.DataFrame(rows, columns=columns), hide_index=True, border="horizontal",
            alt="Methods with what the tests say of them, best supported first",
        )  # fmt: skip
        st.caption(
            f"{VERDICTS['pass']} passed, {VERDICTS['fail']} failed, {VERDICTS['not assessable']} not assessable; n is "
            f"{report.cases:,} where none is named. A method that fails a test is not supported by evidence on this "
            "model; a test in brackets informs and does not decide. Nothing is added up to one score."
        )
        _reasons(report)


def _reasons(report: QualityReport) -> None:
    for one in report.methods:
        if one.reason:
            state = f"{SUPPORT[one.support]} by evidence here" if one.support == "not supported" else one.support
            st.markdown(f"**{plain(one.title)}** · {state}: {plain(one.reason)}")
    for method, why in report.skipped:
        st.markdown(f"**{plain(spaced(method))}** · could not be measured: {plain(why)}")


def _row(method: MethodReport, tests: dict[str, MethodTest], usual: int) -> list[str]:
    own = {test.name: test for test in method.tests}
    cells = [_cell(own.get(name), usual) for name in tests]
    return [f"**{plain(method.title)}**", SUPPORT[method.support], *cells, seconds(method.seconds.value)]


def _cell(test: MethodTest | None, usual: int) -> str:
    """Return a test in a cell; n only where it is not the report's."""
    if test is None:
        return number(None)
    told = f"{VERDICTS[test.verdict]} {plain(figure(test.value, n=test.value is not None and test.value.n != usual))}"
    return told if test.counts else f"({told})"


def _every_test(report: QualityReport) -> None:
    numbers = numbers_of(report)
    with st.expander("Every test of every method", key="quality_tests"):
        st.dataframe(
            pd.DataFrame(numbers.rows, columns=numbers.columns), hide_index=True, alt="Every test of every method"
        )  # fmt: skip
