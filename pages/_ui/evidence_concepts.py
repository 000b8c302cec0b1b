"""Concepts: collected from cases by people, then asked how much the model's answer depends on them."""

from __future__ import annotations

import streamlit as st

from core.contracts import ConceptSensitivityView, ConceptView
from pages._ui import context
from pages._ui.evidence_ask import Shown, ask_part
from pages._ui.format import estimate, number
from pages._ui.guard import acting
from pages._ui.labels import words
from pages._ui.services import get_services
from pages._ui.text import count, plain, shorten

LONGEST = 60


def draw_concepts(shown: Shown) -> None:
    """Draw the concepts of this workspace, this case's place in them, and what the answer owes to one."""
    concepts = {one.name: one for one in get_services().evidence.concepts(shown.case.workspace)}
    st.caption("A concept is something that you see in some cases and not in others. Collect cases with and "
               "without it; then it is measured how much the answer depends on it.")  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        asked = st.session_state.get("concept_name")
        names = [*concepts, *([asked] if asked and asked not in concepts else [])]
        name = st.selectbox(
            "Concept", names, key="concept_name", index=None, accept_new_options=True, width=320,
            placeholder="choose or name one",
        )  # fmt: skip
        _collect(shown, (name or "").strip(), concepts)
    concept = concepts.get((name or "").strip())
    if concept is not None:
        _members(shown, concept)
        _sensitivity(shown, concept)


def _collect(shown: Shown, name: str, concepts: dict[str, ConceptView]) -> None:
    known, case = concepts.get(name), shown.case.name
    present = None if known is None else True if case in known.cases else False if case in known.counter_cases else None
    off = not name or len(name) > LONGEST
    for title, key, value in (
        ("This case has it", "concept_has", True),
        ("This case has not", "concept_lacks", False),
        ("Take it out", "concept_out", None),
    ):
        st.button(
            title, key=key, on_click=_put, args=(shown, name, value), disabled=off or present is value,
            type="primary" if value is not None and present is value else "secondary",
        )  # fmt: skip


def _put(shown: Shown, name: str, present: bool | None) -> None:
    with acting():
        case = shown.case
        get_services().evidence.collect(case.workspace, name, case.name, actor=context.actor(), present=present)


def _members(shown: Shown, concept: ConceptView) -> None:
    here = "has it" if shown.case.name in concept.cases else (
        "has it not" if shown.case.name in concept.counter_cases else "is not in it"
    )  # fmt: skip
    against = count(len(concept.counter_cases), "case") if concept.counter_cases else "random cases"
    told = f"{count(len(concept.cases), 'case')} with it, {against} without; this case {here}."
    listed = ", ".join(shorten(case, 24) for case in concept.cases[:8])
    more = f" and {len(concept.cases) - 8} more" if len(concept.cases) > 8 else ""
    st.caption(plain(f"{told} With it: {listed or 'none yet'}{more}."))


def _sensitivity(shown: Shown, concept: ConceptView) -> None:
    label = plain(words(shown.target, shown.label))
    wanted = (concept.name, concept.cases, concept.counter_cases, shown.label)
    key = ("concept", shown.case.workspace, shown.form.target, shown.prediction.version)
    state = st.session_state
    if st.button(f"How much does “{label}” depend on it", key="concept_measure"):
        state["concept_asked"] = wanted
    if state.get("concept_asked") != wanted:
        return
    ask, who, case = get_services().evidence.concept_sensitivity, context.actor(), shown.case
    target, explained = shown.form.target, shown.label
    found = ask_part(
        shown, "concept", lambda: ask(case.workspace, concept.name, target, explained, actor=who),
        "Measuring over the cases of this answer.", *wanted, key=key,
    )  # fmt: skip
    if found is not None:
        _draw(found)


def _draw(found: ConceptSensitivityView) -> None:
    with st.container(key="concept_result", gap="xsmall"):
        icon = ":material/check:" if found.supported else ":material/help:"
        st.markdown(f"{icon} **{plain(found.words)}**")
        st.caption(
            f"Share of cases whose answer rises towards the concept {estimate(found.score)}; random concepts "
            f"{estimate(found.random)}; p {number(found.p_value)}. Cases with and without are told apart in "
            f"{estimate(found.accuracy)} of held-out cases (0.5 is chance). TCAV."
        )
