"""Asking for a quality report of a version, and following it."""

from __future__ import annotations

import streamlit as st

from core.contracts import ReportRun, TrustView
from pages._ui import context
from pages._ui.format import seconds
from pages._ui.guard import acting, guarded
from pages._ui.progress import draw_progress
from pages._ui.services import get_services
from pages._ui.text import count, plain

FEWEST, USUAL, MOST = 5, 40, 400
"""Cases that a report can be asked for."""


def _active(run: ReportRun | None) -> bool:
    return run is not None and run.status in ("queued", "running")


def draw_run(view: TrustView) -> None:
    """Draw how a report is started, or the one under way; a live one follows itself once a second."""
    if _active(view.run):
        _live(view)
        return
    if view.run is not None and view.run.status == "failed":
        st.error(f"The last report failed: {plain(view.run.error or 'unknown reason.')}", icon=":material/error:")
    if view.run is not None and view.run.status == "cancelled":
        st.caption("The last report was cancelled. What is below was measured before.")
    _start(view)


def expected(view: TrustView, cases: int, methods: int) -> str:
    """Return about how long a report takes, from the last one; in words when there was none."""
    last = view.report
    if last is None or not last.cases or not last.methods:
        return "how long it takes is known after the first one"
    each = last.seconds / last.cases / len(last.methods)
    return f"about {seconds(each * cases * (methods or len(view.methods)))}"


@st.fragment
def _start(view: TrustView) -> None:
    most = min(MOST, view.cases_available)
    if most < 1 or not view.methods:
        st.info("There are no cases yet that a report could be measured on. Import cases, then come back.")
        return
    titles, usual = dict(view.methods), max(FEWEST, view.report.cases) if view.report else USUAL
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        cases = st.number_input(
            "Cases", min(FEWEST, most), most, min(usual, most), key="report_cases", width=130,
            help=f"more cases make the intervals narrower; {count(view.cases_available, 'case')} can be used",
        )  # fmt: skip
        methods = st.multiselect(
            "Methods", list(titles), key="report_methods", placeholder="every method that fits",
            format_func=lambda name: titles.get(name, name), width=380,
        )  # fmt: skip
        words = "Measure again" if view.report else "Measure"
        pressed = st.button(words, key="report_start", type="primary" if view.report is None else "secondary")
    st.caption(f"{count(int(cases), 'case')}, {expected(view, int(cases), len(methods))}; you can go on meanwhile.")
    if pressed:
        _ask(view, tuple(methods), int(cases))
        st.rerun()


def _ask(view: TrustView, methods: tuple[str, ...], cases: int) -> None:
    with acting():
        get_services().trust.start_report(
            view.workspace, actor=context.actor(), version=view.version, target=view.target, methods=methods,
            cases=cases,
        )  # fmt: skip


def _cancel(workspace: str) -> None:
    with acting():
        get_services().trust.cancel_report(workspace, actor=context.actor())


@st.fragment(run_every=1)
def _live(view: TrustView) -> None:
    with guarded(), st.container(key="report_progress"):
        if view.run is None:
            return
        job = get_services().jobs.get(view.run.job_id)
        if job.status not in ("queued", "running"):
            st.rerun()
        draw_progress(job.progress)
        st.button(
            "Cancelling" if job.cancel_requested else "Cancel", key="report_cancel", on_click=_cancel,
            args=(view.workspace,), disabled=job.cancel_requested,
        )  # fmt: skip
