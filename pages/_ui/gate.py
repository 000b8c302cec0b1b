"""The gate report: one table, and the cases whose answer changed."""

import streamlit as st

from core.contracts import Check, GateReport, Thumbnail
from pages._ui.bars import interval_bar
from pages._ui.format import interval, number, seconds, signed
from pages._ui.text import count, plain
from pages._ui.thumbnails import draw_thumbnails

SHAPES = {"pass": ":material/check_circle:", "fail": ":material/cancel:", "not assessable": ":material/help:"}
WIDTHS = [2.1, 0.8, 0.8, 2.2, 1.5, 1.9]
HEADS = ("check", "champion", "candidate", "difference", "against the limit", "verdict")


def _head() -> None:
    for column, words in zip(st.columns(WIDTHS, gap="small", wrap=False), HEADS, strict=True):
        column.caption(words)


def _row(check: Check) -> None:
    title, champion, candidate, difference, bar, verdict = st.columns(
        WIDTHS, gap="small", vertical_alignment="center", wrap=False
    )
    title.markdown(f"**{plain(check.title)}**")
    champion.text(number(check.champion))
    candidate.text(number(check.candidate))
    difference.text(f"{signed(check.difference)} {interval(check.low, check.high)}".strip())
    svg = interval_bar(check)
    if svg is not None:
        bar.image(svg, alt=_bar_words(check))
    passed = check.verdict == "pass"
    with verdict, st.container(gap="xxsmall"):
        words = f"{SHAPES[check.verdict]} **{check.verdict}** · n {check.n:,}"
        st.markdown(words, help=plain(_reason(check)) if passed else None)
        if not passed:
            st.caption(plain(_reason(check)))


def _bar_words(check: Check) -> str:
    return (
        f"difference {signed(check.difference)}, interval {interval(check.low, check.high)}, "
        f"limit {signed(check.limit)}, {check.better} is better"
    )


def _reason(check: Check) -> str:
    needed = f"; about {check.needed:,} cases would settle it" if check.needed else ""
    return check.reason.rstrip(". ") + needed


def draw_gate(report: GateReport) -> None:
    """Draw the gate report of the candidate that waits."""
    with st.container(border=True, key="gate_report"):
        st.header(f"Gate: {plain(report.version)} against {plain(report.champion)}", anchor=False)
        st.markdown(f"{SHAPES[report.verdict]} **{report.verdict}** in all")
        st.caption(
            "Measured on cases the model never trained on (the ledger), 95 % intervals. "
            f"This ledger has judged {count(report.judged, 'candidate')}; measured in {seconds(report.seconds)}. "
            "In the bars: thin line no change, dashed line the policy's limit."
        )
        with st.container(gap="xsmall"):
            _head()
            for check in report.checks:
                _row(check)


def draw_changed(changed: tuple[Thumbnail, ...]) -> None:
    """Draw the ledger cases whose answer changed, right-to-wrong first."""
    if changed:
        st.header("Cases whose answer changed", anchor=False)
        st.caption("Right-to-wrong first. Each opens in the review.")
        draw_thumbnails(changed)
