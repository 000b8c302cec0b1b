"""What moved the answer, before and after the edits: maps, words, bars."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from core.contracts import Edit, EvidenceView, FieldEvidence, FieldView, WhatIfCase, WhatIfView
from pages._ui import context
from pages._ui.background import desk
from pages._ui.download import Numbers
from pages._ui.format import number
from pages._ui.guard import guarded
from pages._ui.labels import words
from pages._ui.painter import draw_painter
from pages._ui.plots import Bar, bar_plot, draw_plot
from pages._ui.services import get_services
from pages._ui.text import plain, spaced
from pages._ui.whatif_trial import Trial
from pages._ui.words import draw_words

Pair = tuple[EvidenceView, EvidenceView]
SIDES = ("as it is", "edited")


def draw_evidence(case: WhatIfCase, view: WhatIfView, trial: Trial, target: str) -> None:
    """Draw the evidence of both answers side by side once somebody asked for it."""
    st.header("What moved the answer", anchor=False)
    if not case.methods:
        st.caption("No explanation method fits this model.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        method = st.selectbox("Method", case.methods, key="whatif_method", format_func=spaced, width=320)
        trial.evidence = st.toggle("show", value=trial.evidence, key="whatif_evidence")
    if not trial.evidence:
        st.caption("Before and after, side by side, when you ask for it.")
        return
    with guarded():
        found = _ask(case, trial.edits, target, method)
        if found is not None:
            _draw(case, view, found)


def _ask(case: WhatIfCase, edits: tuple[Edit, ...], target: str, method: str) -> Pair | None:
    explain, who = get_services().whatif.explain, context.actor()

    def question(own: tuple[Edit, ...]) -> Callable[[], EvidenceView]:
        return lambda: explain(case.workspace, case.case, own, target, actor=who, method=method)

    asked = [("what if", case.workspace, case.case, case.version, target, method, own) for own in ((), edits)]
    before, after = (desk().ask(key, question(key[-1])) for key in asked)
    if before is None or after is None:
        wait_for(tuple(asked), "Measuring what moved the answer. You can go on meanwhile.")
        return None
    return before, after


@st.fragment(run_every=0.5)
def wait_for(keys: tuple[tuple[object, ...], ...], words: str) -> None:
    """Draw what is waited for; draw the page anew when all of `keys` are there."""
    if all(desk().ready(key) for key in keys):
        st.rerun()
    st.caption(words)


def _draw(case: WhatIfCase, view: WhatIfView, pair: Pair) -> None:
    target = next(one for one in case.targets if one.name == pair[0].target)
    columns = st.columns(2, gap="large")
    for side, found, column, fields in zip(SIDES, pair, columns, (case.fields, view.fields), strict=True):
        with column, st.container(key=f"whatif_evidence_{'after' if side == 'edited' else 'before'}", gap="xsmall"):
            st.markdown(f"**{side.capitalize()}**: for “{plain(words(target, found.label))}”")
            _side(fields, found, side)
            if found.completeness_error is not None:
                st.caption(f"error reached {number(100 * found.completeness_error)} %")
    _bars(case, pair)
    told = ". ".join(part.rstrip(". ") for part in (pair[0].what, pair[0].what_not) if part)
    st.caption(f"**{plain(pair[0].title)}**: {plain(told)}.")


def _side(fields: tuple[FieldView, ...], found: EvidenceView, side: str) -> None:
    """Draw pictures and texts with their maps; a side has names of its own, so that both can stand on one page."""
    own = {item.field: item for item in found.fields}
    for one in fields:
        item, named = own.get(one.name), replace(one, name=f"{one.name}:{side}")
        if item is None or one.missing:
            continue
        if one.kind == "image":
            draw_painter(named, opening=side, paint=False, heat=item.heat, below="14rem",
                         description=f"{one.title} {side}, with what moved the answer")  # fmt: skip
        elif one.kind == "text":
            draw_words(named, opening=side, paint=False, evidence=item, signed=found.signed, compact=True,
                       description=f"{one.title} {side}, with what moved the answer")  # fmt: skip
        if item.words and one.kind in ("image", "text"):
            st.caption(plain(item.words))


def _bars(case: WhatIfCase, pair: Pair) -> None:
    """Draw how far each field moved the answer, before and after."""
    titles = {one.name: one.title for one in case.fields}
    if len(titles) < 2:
        return
    series = [
        (side, [Bar(titles[i.field], _pull(i), i.low, i.high) for i in found.fields if i.field in titles])
        for side, found in zip(SIDES, pair, strict=True)
    ]
    rows = tuple((bar.row, side, bar.value, bar.low, bar.high) for side, bars in series for bar in bars)
    largest = [max(bars, key=lambda bar: abs(bar.value)).row for _, bars in series if bars]
    words = f"Moved most, as it is: {largest[0]}; edited: {largest[-1]}." if largest else "Nothing moved the answer."
    draw_plot(
        bar_plot(series, title="sum of the field, on the logit scale"), key="whatif_bars", name="what-if-evidence",
        words=words, numbers=Numbers(("field", "side", "sum", "low", "high"), rows),
    )  # fmt: skip


def _pull(item: FieldEvidence) -> float:
    return item.value if item.value is not None else item.total
