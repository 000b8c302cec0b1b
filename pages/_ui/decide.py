"""The decision about a candidate, with its reason."""

import streamlit as st

from core.contracts import CheckVerdict, DecisionKind, GateReport, RetrainingView
from core.errors import Conflict
from pages._ui import context
from pages._ui.guard import acting
from pages._ui.services import get_services
from pages._ui.text import count, plain

DONE = {
    "promote": "{version} serves now. The version before it can be brought back.",
    "reject": "{version} was rejected. {champion} goes on serving.",
    "rollback": "Rolled back: {version} serves again.",
}


def _decide(workspace: str, kind: DecisionKind, version: str | None, champion: str | None) -> None:
    with acting():
        state = st.session_state
        try:
            decision = get_services().retraining.decide(
                workspace, kind, version, state.decision_reason, actor=context.actor(),
                override=state.get("gate_override", False), acknowledge=state.get("gate_acknowledge", False),
                expected_champion=champion,
            )  # fmt: skip
        except Conflict as error:
            raise Conflict(f"{error} The page below shows how it stands now.") from error
        state.decision_reason = ""
        state.decided = DONE[kind].format(version=decision.version, champion=champion)


def _count(report: GateReport, verdict: CheckVerdict) -> int:
    return sum(check.verdict == verdict for check in report.checks)


def _allowances(report: GateReport) -> None:
    failed, open_checks = _count(report, "fail"), _count(report, "not assessable")
    if failed:
        st.checkbox(f"Override {count(failed, 'failed check')}; the reason says why", key="gate_override")
    if open_checks:
        st.checkbox(f"I know that {count(open_checks, 'check')} could not be assessed", key="gate_acknowledge")


def _button(column: st.delta_generator.DeltaGenerator, kind: DecisionKind, label: str, view: RetrainingView) -> None:
    version = view.can_roll_back_to if kind == "rollback" else view.candidate
    column.button(
        label, key=kind, on_click=_decide, args=(view.workspace, kind, version, view.champion), width="stretch",
        type="primary" if kind == "promote" else "secondary", disabled=version is None,
    )  # fmt: skip


def draw_decision(view: RetrainingView) -> None:
    """Draw promote, reject and roll back with the reason that each of them needs."""
    st.header("Decision", anchor=False)
    done = st.session_state.pop("decided", None)
    if done:
        st.success(plain(done), icon=":material/check:")
    if view.candidate is None and view.can_roll_back_to is None:
        st.write("Nothing to decide: no candidate waits, and there is no version to go back to.")
        return
    if view.candidate is not None and view.report is not None:
        _allowances(view.report)
    st.text_input("Reason", key="decision_reason", placeholder="why, in one sentence; it stays on record")
    promote, reject, rollback = st.columns(3)
    _button(promote, "promote", f"Promote {plain(view.candidate or 'the candidate')}", view)
    _button(reject, "reject", f"Reject {plain(view.candidate or 'the candidate')}", view)
    _button(rollback, "rollback", f"Roll back to {plain(view.can_roll_back_to or 'the version before')}", view)
