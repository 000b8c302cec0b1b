"""Retraining: feedback, spreading, start, live run, outcome, proof, gate report, decision, learning curve."""

import streamlit as st

from pages._ui import context
from pages._ui.curve import draw_learning_curve
from pages._ui.decide import draw_decision
from pages._ui.feedback import draw_feedback
from pages._ui.gate import draw_changed, draw_gate
from pages._ui.guard import guarded, show_notice
from pages._ui.history import draw_history
from pages._ui.proof import draw_proof
from pages._ui.run import draw_result, draw_run
from pages._ui.services import get_services
from pages._ui.spread import draw_spread
from pages._ui.start import draw_start


def _draw(workspace: str) -> None:
    view = get_services().retraining.view(workspace, reader=context.actor())
    show_notice()
    left, right = st.columns([1.5, 1], gap="large")
    with left:
        draw_feedback(view.feedback)
    with right:
        draw_start(view)
        draw_run(workspace, view)
    deciding = view.report is not None
    if not deciding:
        draw_spread(workspace, view.feedback.artefacts)
    draw_result(view)
    if view.report is not None:
        draw_proof(view.report, view.changed)
        draw_gate(view.report)
        draw_changed(view.changed)
    draw_decision(view)
    if deciding:  # a candidate that waits comes first
        draw_spread(workspace, view.feedback.artefacts)
    draw_learning_curve(view.curve)
    draw_history(view)


st.title("Retraining", anchor=False)
with guarded():
    name = context.workspace_name()
    if name is None:
        context.no_workspace()
    else:
        _draw(name)
