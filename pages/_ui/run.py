"""A run as it goes and as it ended: stage, bar, curve, trials so far, time left, cancel; then what it came to."""

import pandas as pd
import streamlit as st

from core.contracts import Progress, RetrainingView, RunPlan, RunView
from pages._ui import context
from pages._ui.format import when
from pages._ui.guard import acting, guarded
from pages._ui.progress import draw_progress
from pages._ui.services import get_services
from pages._ui.start import SCOPES, SEARCH, STARTS, seconds_words
from pages._ui.text import count, plain
from pages._ui.trials import draw_outcome, list_trials

DECIDED = "Done: it delivered {version}, which was decided on."
NO_EFFECT = "Done: nothing was better than {version}, which goes on serving."
ENDED = {
    "done": "Done: {version} waits at the gate.",
    "failed": "Failed: {error} Start again when that is mended.",
    "cancelled": "Cancelled. Nothing was changed.",
}


def _active(run: RunView | None) -> bool:
    return run is not None and run.status in ("queued", "running")


def _no_effect(run: RunView) -> bool:
    return run.status == "done" and run.outcome is not None and run.outcome.delivered == "parent"


def _cancel(workspace: str) -> None:
    with acting():
        get_services().retraining.cancel(workspace, actor=context.actor())


def draw_curve(progress: Progress) -> None:
    """Draw training loss and validation score over steps."""
    if len(progress.curve) < 2:
        return
    frame = pd.DataFrame(progress.curve, columns=["step", "training loss", "validation score"])
    st.line_chart(frame, x="step", y=["training loss", "validation score"], x_label="", height=190)


def plan_words(strategy: str, plan: RunPlan) -> str:
    """Return how a run is carried out, where that is not as usual."""
    usual = RunPlan()
    parts = [f"from {STARTS[plan.start]}"] if plan.start != usual.start else []
    parts += [f"trains {SCOPES[plan.scope]}"] if plan.scope != usual.scope else []
    parts += [f"up to {seconds_words(plan.budget_seconds)}"] if strategy == SEARCH else []
    return ", ".join(parts)


def _draw_active(workspace: str, run: RunView) -> None:
    how = plan_words(run.strategy, run.plan)
    st.caption(
        f"on {count(run.verdicts, 'verdict')} and {count(run.marks, 'mark')}, started {when(run.created)}"
        + (f", {how}" if how else "")
    )
    draw_progress(run.progress)
    list_trials(run.progress.trials)
    draw_curve(run.progress)
    st.button("Cancel the run", key="retrain_cancel", on_click=_cancel, args=(workspace,))


def _draw_ended(run: RunView, candidate: str | None) -> None:
    decided = run.status == "done" and run.version != candidate
    template = NO_EFFECT if _no_effect(run) else DECIDED if decided else ENDED[run.status]
    words = template.format(version=run.version or "the candidate", error=run.error or "unknown reason.")
    st.text(f"{when(run.created)} · {words}")


@st.fragment(run_every=1)
def _live(workspace: str) -> None:
    with guarded(), st.container(key="run_progress"):
        services = get_services()
        run = services.retraining.run(workspace)
        if run is not None and _active(run):
            _draw_active(workspace, run)
            return
        gate = services.retraining.view(workspace).gate_job
        if gate is None:
            st.rerun()
        st.caption("measuring the candidate on the ledger")
        draw_progress(gate)


def draw_run(workspace: str, view: RetrainingView) -> None:
    """Draw the latest run; a live one follows itself once a second."""
    if _active(view.run) or view.gate_job is not None:
        _live(workspace)
    elif view.run is not None:
        with st.container(key="run_progress"):
            _draw_ended(view.run, view.candidate)


def draw_result(view: RetrainingView) -> None:
    """Draw what the latest run came to, once it ended and as long as nobody decided about it."""
    run = view.run
    if run is None or _active(run) or run.outcome is None:
        return
    with st.container(border=True, key="run_outcome"):
        title = next((one.title for one in view.feedback.strategies if one.name == run.strategy), run.strategy)
        st.header(f"What the run came to: {plain(title)}", anchor=False)
        draw_outcome(run.outcome)
