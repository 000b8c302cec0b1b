"""How the model holds itself back: what it leaves to people and why, its rules, and the switch that silences it."""

from __future__ import annotations

import streamlit as st

from core.contracts import Deferral, GuardView, RiskRule, Suspension
from pages._ui import context
from pages._ui.format import estimate, percent, when
from pages._ui.guard import acting
from pages._ui.services import get_services
from pages._ui.sidebar import page
from pages._ui.text import count, plain

_REASON = "suspend_reason"


def draw_banner(workspace: str) -> None:
    """Say on top of a page that the model is suspended; nothing while it answers."""
    said = get_services().guard.suspension(workspace)
    if said is not None:
        with st.container(key="suspended_banner"):
            st.warning(f"**The model is suspended.** {_said(said)}", icon=":material/pause_circle:")


def _said(said: Suspension) -> str:
    return f"Everything goes to people. {plain(said.actor_id)}, {when(said.created)}: {plain(said.reason)}"


def draw_guard(workspace: str) -> None:
    """Draw the panel of the home page."""
    view = get_services().guard.view(workspace)
    if view.version is None:
        return
    with st.container(key="guard_panel"):
        st.header("When the model leaves it to people", anchor=False)
        left, right = st.columns(2, gap="large")
        with left:
            _counts(view)
        with right:
            _rules(view)
        _recent(view)
        _switch(view)


def _counts(view: GuardView) -> None:
    if not view.cases:
        st.write("Its answers have not been judged yet. The worker does that once it is free.")
        return
    share = percent(view.deferred, view.cases)
    st.markdown(f"**{view.deferred:,} of {count(view.cases, 'case')}** ({share}) are left to people.")
    if view.counts:
        rows = [(one.words, one.count, percent(one.count, view.cases)) for one in view.counts]
        columns = dict(zip(("because", "cases", "share"), zip(*rows, strict=True), strict=True))
        st.table(columns, hide_index=True)
        st.caption("A case may count under several reasons.")
    if view.automatic_last_hour:
        st.write(f"It decided {count(view.automatic_last_hour, 'answer')} by itself in the last hour.")


def _rules(view: GuardView) -> None:
    for rule in view.rules:
        _rule(rule, titled=len(view.rules) > 1)
    st.write(plain(view.outlier_words))
    for words in view.limits:
        st.write(plain(words))


def _rule(rule: RiskRule, *, titled: bool) -> None:
    title = f"**{plain(rule.target)}** " if titled else ""
    st.markdown(title + plain(rule.words))
    if rule.accepted.n:
        wrong = f"; wrong among these: {estimate(rule.error)}" if rule.error.n else ""
        st.caption(f"It accepts {estimate(rule.accepted)} of the calibration cases{wrong}.")


def _recent(view: GuardView) -> None:
    if not view.recent:
        return
    with st.expander(f"The latest {count(len(view.recent), 'case')} left to people"):
        for case, reasons in view.recent:
            st.page_link(page("review"), label=plain(case), query_params=context.link(case=case))
            st.caption("; ".join(plain(one.words) for one in _once(reasons)))


def _once(reasons: tuple[Deferral, ...]) -> tuple[Deferral, ...]:
    return tuple({one.words: one for one in reasons}.values())


def _switch(view: GuardView) -> None:
    """Draw the switch: a reason, and a second press that confirms."""
    silent = view.suspension is not None and view.suspension.suspended
    act, label = ("resume", "Let the model answer again") if silent else ("suspend", "Suspend the model")
    done = st.session_state.pop("switched", None)
    if done:
        st.success(done, icon=":material/check:")
    with st.popover(label, icon=":material/play_circle:" if silent else ":material/pause_circle:", key=f"{act}_open"):
        st.write(
            "Its answers and evidence are shown again, and cases are routed anew."
            if silent
            else "At once, for everybody: no answer, no evidence, no decision by the model. Everything goes to people, "
            "and the workbench goes on."
        )
        with st.form(f"{act}_form", border=False, enter_to_submit=False):
            st.text_input("Reason", key=_REASON, placeholder="why, in one sentence; it stays on record")
            st.form_submit_button(
                f"{label} now", key=f"{act}_confirm", type="primary", on_click=_switched, args=(view.workspace, silent)
            )


def _switched(workspace: str, silent: bool) -> None:
    with acting():
        guard, reason = get_services().guard, st.session_state[_REASON]
        (guard.resume if silent else guard.suspend)(workspace, reason, actor=context.actor())
        st.session_state[_REASON] = ""
        st.session_state.switched = "The model answers again." if silent else "The model is suspended."
