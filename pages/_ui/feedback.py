"""What people said since the champion was trained, and how to train on it."""

import streamlit as st

from core.contracts import FeedbackView, RetrainingView
from pages._ui import context
from pages._ui.guard import acting
from pages._ui.services import get_services
from pages._ui.text import count, plain
from pages._ui.thumbnails import draw_thumbnails


def draw_feedback(feedback: FeedbackView) -> None:
    """Draw the feedback: counts, artefacts, marks as thumbnails."""
    st.header("Feedback since this champion", anchor=False)
    if not feedback.verdicts:
        st.write("No verdict since this champion was trained. Review a few cases; corrections and marks gather here.")
        return
    st.write(
        f"{count(feedback.verdicts, 'verdict')}, of which {count(feedback.overrides, 'correction')}; "
        f"{count(feedback.marks, 'mark')}."
    )
    if feedback.ledger:
        st.caption(f"{count(feedback.ledger, 'verdict')} on ledger cases judge models and never train one.")
    for artefact in feedback.artefacts:
        st.text(f"artefact “{artefact.name}”: {count(artefact.marks, 'mark')}")
    draw_thumbnails(feedback.thumbnails[:12])


def _start(workspace: str) -> None:
    with acting():
        get_services().retraining.start(
            workspace, actor=context.actor(), strategy=st.session_state.get("retrain_strategy")
        )


def draw_start(view: RetrainingView) -> None:
    """Draw the strategies in plain words and the button that starts a run."""
    st.header("Start", anchor=False)
    words = {one.name: f"{one.title}. {one.words}" for one in view.feedback.strategies}
    names = list(words)
    chosen = view.feedback.default_strategy
    st.radio(
        "Strategy", names, index=names.index(chosen) if chosen in names else 0, key="retrain_strategy",
        format_func=lambda name: plain(words[name]),
    )  # fmt: skip
    busy = view.run is not None and view.run.status in ("queued", "running")
    st.button(
        "Start retraining", key="retrain_start", type="primary", on_click=_start, args=(view.workspace,),
        disabled=busy or not view.feedback.verdicts,
    )  # fmt: skip
