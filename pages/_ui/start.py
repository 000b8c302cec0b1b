"""Where a retraining starts: strategy in plain words, start, scope and time; sensible defaults, the rest folded."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.contracts import RetrainingView, RunPlan, Scope, StartFrom, StrategyChoice
from pages._ui import context
from pages._ui.guard import acting
from pages._ui.services import get_services
from pages._ui.text import plain, spaced

FAMILIES: Mapping[str, str] = {
    "search": "Search",
    "gradient": "By what the model looks at",
    "examples": "By changed copies of cases",
    "last layer": "By the last layer alone",
    "labels": "By labels alone",
}
STARTS: Mapping[StartFrom, str] = {"scratch": "new weights", "champion": "the champion's weights"}
SCOPES: Mapping[Scope, str] = {"head": "what decides", "last blocks": "and the last blocks", "all": "everything"}
BUDGETS = (30, 60, 120, 300, 900, 1800)
"""Seconds that `auto` may take."""
SEARCH = "auto"


def draw_start(view: RetrainingView) -> None:
    """Draw the strategies in plain words, how they train, and the button that starts a run."""
    st.header("Start", anchor=False)
    choices = _grouped(view.feedback.strategies)
    chosen = _strategy(choices, view.feedback.default_strategy)
    if chosen.name == SEARCH:
        st.select_slider(
            "Time to try strategies", BUDGETS, value=int(RunPlan().budget_seconds), key="retrain_budget",
            format_func=seconds_words,
        )  # fmt: skip
    _advanced(view, choices)
    busy = view.run is not None and view.run.status in ("queued", "running")
    st.button(
        "Start retraining", key="retrain_start", type="primary", on_click=_start, args=(view.workspace,),
        disabled=busy or not view.feedback.verdicts or view.champion is None,
    )  # fmt: skip
    if view.champion is None:
        st.caption("There is no champion yet. Wait for the first training.")
    elif not view.feedback.verdicts:
        st.caption("It opens with the first verdict since this champion.")
    elif view.feedback.warnings and not busy:
        st.caption("There are marks to look at first. A run may start without: marks that look wrong count less.")


def _grouped(choices: tuple[StrategyChoice, ...]) -> tuple[StrategyChoice, ...]:
    """Return the strategies by family, in the order of the families."""
    order = list(FAMILIES)
    return tuple(sorted(choices, key=lambda one: order.index(one.family) if one.family in order else len(order)))


def _strategy(choices: tuple[StrategyChoice, ...], default: str) -> StrategyChoice:
    names = [one.name for one in choices]
    known = {one.name: one for one in choices}
    name = st.selectbox(
        "Strategy", names, index=names.index(default) if default in names else 0, key="retrain_strategy",
        format_func=lambda name: known[name].title + (" (does not fit here)" if known[name].reason else ""),
    )  # fmt: skip
    chosen = known[name]
    st.caption(f"{plain(FAMILIES.get(chosen.family, spaced(chosen.family)))}. {plain(chosen.words)} {_cost(chosen)}")
    if chosen.reason:
        st.caption(f":material/info: {plain(chosen.reason)}")
    return chosen


def _cost(choice: StrategyChoice) -> str:
    if choice.name == SEARCH:
        return ""
    return (
        "As quick as labels alone." if choice.cost <= 1 else f"About {choice.cost:.3g} times as long as labels alone."
    )


def seconds_words(value: float) -> str:
    """Return a time that was chosen: whole minutes from one minute on."""
    return f"{value:.0f} s" if value < 60 else f"{value / 60:.3g} min"


def _advanced(view: RetrainingView, choices: tuple[StrategyChoice, ...]) -> None:
    with st.expander("Start, scope, and what the strategies do", key="retrain_advanced"):
        st.segmented_control(
            "Start from", list(STARTS), default="scratch", key="retrain_start_from", format_func=STARTS.get,
            required=True, help="A large network learns from few marks only when it goes on from what it knows.",
        )  # fmt: skip
        st.segmented_control(
            "What trains", list(SCOPES), default="all", key="retrain_scope", format_func=SCOPES.get, required=True,
            help="A frozen backbone stays frozen, except in its last blocks when those are chosen.",
        )  # fmt: skip
        _all_strategies(choices)


def _all_strategies(choices: tuple[StrategyChoice, ...]) -> None:
    family = ""
    for one in choices:
        if one.family != family:
            family = one.family
            st.caption(plain(FAMILIES.get(family, spaced(family))))
        reason = f" *Does not fit here:* {plain(one.reason)}" if one.reason else ""
        st.markdown(f"**{plain(one.title)}** · {plain(one.words)}{reason}")


def _start(workspace: str) -> None:
    with acting():
        state = st.session_state
        default = RunPlan()
        plan = RunPlan(
            start=state.get("retrain_start_from") or default.start,
            scope=state.get("retrain_scope") or default.scope,
            budget_seconds=float(state.get("retrain_budget") or default.budget_seconds),
        )
        get_services().retraining.start(
            workspace, actor=context.actor(), strategy=state.get("retrain_strategy"), plan=plan
        )
