"""Counterfactuals: the smallest changes that get another answer, with what may change and cards to go on with."""

from __future__ import annotations

from typing import Literal, get_args

import streamlit as st

from core.contracts import Change, Constraint, Counterfactual, CounterfactualsView, FieldView, TargetView, WhatIfCase
from pages._ui import context
from pages._ui.background import desk
from pages._ui.format import likelihood, number, percent, seconds
from pages._ui.guard import acting, guarded
from pages._ui.labels import words
from pages._ui.services import get_services
from pages._ui.text import count, plain, shorten
from pages._ui.whatif_evidence import wait_for
from pages._ui.whatif_trial import Search, Trial, current

Rule = Literal["free", "fixed", "only up", "only down"]
RULES: tuple[Rule, ...] = get_args(Rule)
CARD = 300
"""Width of a card in pixels."""


def draw_counterfactuals(case: WhatIfCase, trial: Trial, target: TargetView) -> None:
    """Draw what is wanted, what may change, and what was found."""
    st.header("What would have to be different", anchor=False)
    answer = case.prediction.target(target.name)
    wanted = [choice.value for choice in target.choices if choice.value != answer.label]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            "Wanted answer", wanted, index=None, placeholder="the runner-up", key="counterfactual_wanted", width=320,
            format_func=lambda value: words(target, value),
        )  # fmt: skip
        st.button("Find", key="counterfactual_find", type="primary", on_click=_find, args=(case, target.name))
    _constraints(case)
    if trial.search is not None and trial.search.target == target.name:
        with guarded():
            _search(case, trial.search, target)
    else:
        st.caption("The smallest changes to the case as it is that make the model answer something else.")


def _table(case: WhatIfCase) -> list[FieldView]:
    return [one for one in case.fields if one.kind in ("numeric", "categorical")]


def _constraints(case: WhatIfCase) -> None:
    table, sensitive = _table(case), {one.field for one in case.ranges if one.sensitive}
    if not table:
        return
    sensitive = {one.field for one in case.ranges if one.sensitive}
    with st.expander("What may change", key="counterfactual_rules"):
        st.caption(
            "A fixed field stays as it is; a sensitive one does unless you free it. Only up and only down are for "
            "values that cannot go back, like an age."
        )
        columns = st.columns(3, gap="small")
        for place, one in enumerate(table):
            rules = RULES if one.kind == "numeric" else RULES[:2]
            first = RULES.index("fixed" if one.name in sensitive else "free")
            columns[place % 3].selectbox(plain(shorten(one.title, 60)), rules, first, key=f"rule_{one.name}")


def _find(case: WhatIfCase, target: str) -> None:
    with acting():
        trial, state = current(), st.session_state
        if trial is not None:
            rules = tuple(Constraint(one.name, state.get(f"rule_{one.name}", "free")) for one in _table(case))
            trial.search = Search(target, state.get("counterfactual_wanted"), rules)


def _stop(key: tuple[object, ...]) -> None:
    with acting():
        desk().drop(key)
        trial = current()
        if trial is not None:
            trial.search = None


def _search(case: WhatIfCase, search: Search, target: TargetView) -> None:
    find, who = get_services().whatif.counterfactuals, context.actor()
    key = ("counterfactuals", case.workspace, case.case, case.version, search)

    def question() -> CounterfactualsView:
        return find(
            case.workspace, case.case, search.target, actor=who, wanted=search.wanted, constraints=search.constraints
        )

    with st.container(key="counterfactual_cards", gap="small"):
        found = desk().ask(key, question)
        if found is None:
            wait_for((key,), "Looking for the smallest changes. You can go on meanwhile.")
            st.button("Cancel", key="counterfactual_cancel", on_click=_stop, args=(key,))
            return
        tried = f"{count(found.tried, 'input')} tried in {seconds(found.seconds)}"
        st.markdown(f"{plain(found.words)} :gray[{plain(tried)}]")
        with st.container(horizontal=True, gap="small"):
            for place, one in enumerate(found.found):
                with st.container(border=True, width=CARD, key=f"counterfactual_{place}", gap="xsmall"):
                    _card(case, one, target, place)


def _card(case: WhatIfCase, one: Counterfactual, target: TargetView, place: int) -> None:
    label = plain(shorten(words(target, one.label), 40))
    st.markdown(f"**{label}** · {likelihood(one.probability)}, {number(one.probability)}")
    titles = {field.name: field.title for field in case.fields}
    for change in one.changes:
        st.text(f"{titles.get(change.field, change.field)}: {change_words(change)}")
    _pictures(one)
    told = (distance_words(case, one), plausible_words(one.plausibility))
    st.caption(plain(" · ".join(part for part in told if part)))
    st.button("Use this", key=f"counterfactual_use_{place}", on_click=_use, args=(one,))


def _pictures(one: Counterfactual) -> None:
    masks = {edit.field for edit in one.edits if edit.mask is not None}
    for field in one.fields:
        if field.name in masks and field.image is not None:
            st.image(field.image, width=160, alt=f"{field.title} as it would have to be")


def _use(one: Counterfactual) -> None:
    with acting():
        trial = current()
        if trial is not None:
            trial.use(one.edits)


def change_words(change: Change) -> str:
    """Return one change: before and after, or what is left out or put in."""
    before, after = shorten(change.before, 80), shorten(change.after, 80)
    if change.start is not None:
        before, after = (f"“{part}”" if part else "" for part in (before, after))
    if not after:
        return f"{before} left out"
    return f"{before} → {after}" if before else f"{after} put in"


def distance_words(case: WhatIfCase, one: Counterfactual) -> str:
    """Return how far the counterfactual is from the case, in the unit of what it changes."""
    kinds = {field.name: field.kind for field in case.fields}
    changed = {kinds.get(change.field) for change in one.changes}
    if changed == {"text"}:
        return f"{percent(one.distance)} of the words"
    if changed == {"image"}:
        return f"{percent(one.distance)} of the picture"
    return f"distance {number(one.distance)} (1: every field by its usual spread)"


def plausible_words(share: float | None) -> str:
    """Return how usual such a case is, in words; nothing where it was not measured."""
    if share is None:
        return ""
    for bound, told in ((0.05, "unlike almost all training cases"), (0.25, "unusual among the training cases")):
        if share < bound:
            return told
    return f"as usual as training cases go (denser than {percent(share)} of them)"
