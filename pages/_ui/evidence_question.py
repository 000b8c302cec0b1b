"""The question behind a map: which answer, rather than which, what 'absent' means, the method's options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from core.contracts import BaselineView, EvidenceForm, MethodView, OptionValue, OptionView
from pages._ui import context
from pages._ui.evidence_ask import Shown, known_part
from pages._ui.format import seconds
from pages._ui.labels import words
from pages._ui.services import get_services
from pages._ui.text import plain

ANY = ""
"""Stands for no other label: why this answer at all."""
OF_A_CASE = "case"
QUICK = 0.5
"""Seconds up to which a method is called quick."""


def draw_question(shown: Shown) -> None:
    """Draw the controls of the question; a change asks anew."""
    baselines = baselines_of(shown)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="evidence_question"):
        _labels(shown)
        if baselines:
            _absent(shown, baselines)
        with st.popover("Methods and options"):
            _options(shown)
            st.markdown("**What there is**")
            _list_methods(shown.methods)


def _pick(shown: Shown, title: str, name: str, values: list[str], value: str, told: Callable[[str], str]) -> None:
    st.session_state[name] = value
    st.selectbox(title, values, key=name, format_func=told, on_change=_changed, args=(shown,), width=230)


def _labels(shown: Shown) -> None:
    values = [choice.value for choice in shown.target.choices]
    _pick(shown, "Why", "evidence_label", values, shown.label, lambda value: words(shown.target, value))
    others = [ANY, *(value for value in values if value != shown.label)]
    _pick(
        shown, "rather than", "evidence_against", others, shown.form.against or ANY,
        lambda value: words(shown.target, value) if value else "any other",
    )  # fmt: skip


def baselines_of(shown: Shown) -> tuple[BaselineView, ...]:
    """Return the meanings of absent that can be chosen for this case; none while they are not known."""
    if shown.method is None or not shown.method.reads_baseline:
        return ()
    case, who = shown.case, context.actor()
    verbs, version = get_services().evidence, shown.prediction.version
    key = ("baselines", case.workspace, case.name, version)
    return known_part(key, lambda: verbs.baselines(case.workspace, case.name, actor=who)) or ()


def _absent(shown: Shown, baselines: tuple[BaselineView, ...]) -> None:
    known = {one.name: one for one in baselines}
    chosen = st.session_state.get("evidence_baseline") if _half_chosen() else None
    value = chosen or shown.form.baseline or baselines[0].name
    st.session_state["evidence_baseline"] = value
    told = " ".join(f"**{plain(one.title)}**: {plain(one.what)}" for one in baselines)
    st.selectbox(
        "Absent means", list(known), key="evidence_baseline", on_change=_changed, args=(shown,), width=260,
        format_func=lambda name: known[name].title if name in known else name,
        help=f"{told} The map can depend on this choice; *How far to trust it* measures how much.",
    )  # fmt: skip
    if value == OF_A_CASE:
        st.text_input(
            "Which case", value=shown.form.reference or "", key="evidence_reference", on_change=_changed,
            args=(shown,), width=200, placeholder="name of a case",
        )  # fmt: skip


def _half_chosen() -> bool:
    """Return whether a case as baseline was chosen, but none was named yet."""
    state = st.session_state
    return state.get("evidence_baseline") == OF_A_CASE and not (state.get("evidence_reference") or "").strip()


def _options(shown: Shown) -> None:
    st.markdown(f"**Options of {plain(shown.method_title)}**")
    options = shown.method.options if shown.method else ()
    for option in options:
        _option(shown, option)
    if not options:
        st.caption("It has none.")


def _option_key(shown: Shown, option: OptionView) -> str:
    return f"evidence_option_{shown.form.method}_{option.name}"


def _option(shown: Shown, option: OptionView) -> None:
    key, value = _option_key(shown, option), shown.form.options.get(option.name, option.default)
    more: dict[str, Any] = {"key": key, "on_change": _changed, "args": (shown,)}
    if option.kind == "choice":
        st.session_state[key] = value
        st.selectbox(plain(option.title), option.choices, **more)
        return
    kind = int if option.kind == "int" else float
    st.session_state[key] = kind(value)
    low, high = (None if end is None else kind(end) for end in (option.low, option.high))
    form = None if kind is int else "%.4g"
    st.number_input(plain(option.title), min_value=low, max_value=high, step=_step(option), format=form, **more)


def _step(option: OptionView) -> float | int:
    if option.kind == "int":
        return 1
    return 0.01 if option.high is not None and option.high <= 1 else 0.1


def _changed(shown: Shown) -> None:
    """Take what the controls say now; what is as it would be anyway stays unsaid, so that it is found again."""
    state, form = st.session_state, shown.form
    label = state.get("evidence_label") or shown.label
    against = state.get("evidence_against") or None
    baseline, reference = _chosen_baseline(shown, form)
    shown.reading.question = replace(
        form, label=None if label == shown.own_label else label, against=None if against == label else against,
        baseline=baseline, reference=reference, options=_chosen_options(shown),
    )  # fmt: skip


def _chosen_baseline(shown: Shown, form: EvidenceForm) -> tuple[str | None, str | None]:
    """Return the baseline and its case; as it was while a case is the baseline but none is named."""
    baselines, name = baselines_of(shown), st.session_state.get("evidence_baseline")
    reference = (st.session_state.get("evidence_reference") or "").strip()
    if not baselines or name is None or (name == OF_A_CASE and not reference):
        return form.baseline, form.reference
    if name == OF_A_CASE:
        return OF_A_CASE, reference
    return None if name == baselines[0].name else name, None


def _chosen_options(shown: Shown) -> dict[str, OptionValue]:
    chosen: dict[str, OptionValue] = {}
    for option in shown.method.options if shown.method else ():
        value = st.session_state.get(_option_key(shown, option), option.default)
        if value is not None and value != option.default:
            chosen[option.name] = value
    return chosen


def _list_methods(methods: tuple[MethodView, ...]) -> None:
    rows = {
        "method": [plain(one.title) for one in methods],
        "time": [cost_words(one) for one in methods],
        "on this version": [_support(one) for one in methods],
    }
    st.table(rows, hide_index=True, border="horizontal", alt="Methods that fit, best supported first")


def cost_words(method: MethodView) -> str:
    """Return how long a method takes: `about 4 s`."""
    if method.seconds is None:
        return "not measured"
    return "at once" if method.seconds <= QUICK else f"about {seconds(float(f'{method.seconds:.1g}'))}"


def _support(method: MethodView) -> str:
    return plain(method.support + (f": {method.reason}" if method.reason else ""))
