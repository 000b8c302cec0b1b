"""Similar cases: what became of them, what people said of them, the nearest case of another class, typical cases."""

from __future__ import annotations

import streamlit as st

from core.contracts import SimilarCase, SimilarView, TargetView, WhatIfCase
from pages._ui import context
from pages._ui.background import desk
from pages._ui.format import number, percent
from pages._ui.guard import guarded
from pages._ui.labels import words
from pages._ui.services import get_services
from pages._ui.sidebar import page
from pages._ui.text import count, plain, shorten
from pages._ui.whatif_evidence import wait_for
from pages._ui.whatif_trial import Trial

CARD, SAID = 210, 2
"""Width of a case in pixels, and people whose verdict it names."""


def draw_similar(case: WhatIfCase, trial: Trial, target: TargetView) -> None:
    """Draw the neighbourhood of the case, or of the edited case where that is asked for."""
    st.header("Similar cases", anchor=False)
    edited = bool(trial.edits) and st.toggle("near the edited case", key="similar_edited")
    edits = trial.edits if edited else ()
    similar, who = get_services().whatif.similar, context.actor()
    key = ("similar", case.workspace, case.case, case.version, target.name, edits, trial.nonce)
    with st.container(key="similar_cases", gap="small"), guarded():
        found = desk().ask(key, lambda: similar(case.workspace, case.case, target.name, actor=who, edits=edits))
        if found is None:
            wait_for((key,), "Looking for similar cases. You can go on meanwhile.")
        else:
            _draw(found, target)


def _draw(found: SimilarView, target: TargetView) -> None:
    if not found.similar:
        st.write("No other case can be compared with this one yet.")
        return
    agree = (
        f"; {percent(found.agreement)} have the model's answer as their label" if found.agreement is not None else ""
    )
    st.caption(plain(f"The nearest of {count(found.n, 'case')} as this version sees them{agree}."))
    _cards(found.similar, target)
    if found.other_class is not None:
        st.markdown("**The nearest case with another label**")
        _cards((found.other_class,), target)
    prototypes = {label: cases for label, cases in found.prototypes if cases}
    if prototypes:
        with st.expander("Typical cases of each label", key="prototypes"):
            label = st.selectbox(
                "Label", list(prototypes), key="prototype_label", width=320,
                format_func=lambda value: words(target, value),
            )  # fmt: skip
            _cards(prototypes.get(label, ()), target)


def _cards(cases: tuple[SimilarCase, ...], target: TargetView) -> None:
    with st.container(horizontal=True, gap="small"):
        for one in cases:
            with st.container(border=True, width=CARD, gap="xxsmall"):
                _card(one, target)


def _card(one: SimilarCase, target: TargetView) -> None:
    if one.image is not None:
        st.image(one.image, width=96, alt=f"case {one.case}: {one.caption}")
    st.page_link(page("review"), label=plain(shorten(one.case, 24)), query_params=context.link(case=one.case))
    if one.caption:
        st.caption(plain(shorten(one.caption, 120)))
    label = (
        f"**{_named(target, one.label)}** :small[({plain(one.label_source)})]" if one.label is not None else "unknown"
    )
    st.markdown(f"label {label}")
    answer = _named(target, one.answer) if one.answer is not None else "not asked"
    st.markdown(f"model {answer} :small[· likeness {number(one.similarity, 2)}]")
    for person, said, comment in one.said[:SAID]:
        told = f"{person}: {words(target, said)}" + (f", “{comment}”" if comment else "")
        st.caption(plain(shorten(told, 140)))
    if len(one.said) > SAID:
        st.caption(f"and {len(one.said) - SAID} more")


def _named(target: TargetView, value: str) -> str:
    return plain(shorten(words(target, value), 40))
