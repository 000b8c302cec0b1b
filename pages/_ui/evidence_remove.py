"""Remove a region and predict again: what the answer becomes, and what as much removed elsewhere does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import streamlit as st

from core.contracts import RemovalView, TargetAnswer
from pages._ui import context
from pages._ui.evidence_ask import Key, Shown, ask_part, known_part, wait_aside
from pages._ui.evidence_draw import draw_side, draw_values
from pages._ui.format import number, percent, signed
from pages._ui.guard import explain_failure
from pages._ui.labels import words
from pages._ui.plots import middle
from pages._ui.reading import Removal
from pages._ui.services import get_services
from pages._ui.text import plain
from pages._ui.whatif_controls import FILLS

NAME = "without"
SAID = "Predicting again without it."


def _question(shown: Shown, removal: Removal) -> Callable[[], RemovalView]:
    remove, who, form = get_services().evidence.remove, context.actor(), shown.form
    return lambda: remove(form, actor=who, region=removal.marks, fill=removal.fill)


def _extra(removal: Removal) -> Key:
    return sha256(repr(removal.marks).encode()).hexdigest(), removal.fill


def draw_removal_line(shown: Shown | None) -> None:
    """Draw in one line what became of the answer, under the map; nothing while nothing was removed."""
    removal = shown.reading.removal if shown else None
    if shown is None or removal is None:
        st.empty()
        return
    key = (NAME, *shown.key, *_extra(removal))
    if key in shown.reading.stopped:
        st.empty()
        return
    try:
        found = known_part(key, _question(shown, removal))
    except Exception as error:  # noqa: BLE001 -- explained and logged
        st.caption(f":material/error: {explain_failure(error)}")
        return
    if found is None:
        wait_aside(key, SAID)
    else:
        st.caption(_line(shown, removal, found))


def _line(shown: Shown, removal: Removal, found: RemovalView) -> str:
    what = "what you marked" if removal.marks else "the hottest part"
    before, after = (one.target(found.target) for one in (found.before, found.after))
    was = plain(middle(words(shown.target, found.label), 30))
    now = plain(middle(words(shown.target, after.label), 30))
    becomes = f", now **“{now}”**" if found.flipped else ", still the answer"
    moved = f"“{was}” {number(before.probability, 2)} → {number(_share(after, found.label), 2)}"
    around = f" · elsewhere {signed(found.elsewhere.value)}" if found.elsewhere else ""
    return f"Without {what}: {moved}{becomes}{around}"


def _share(answer: TargetAnswer, label: str) -> float:
    return dict(zip(answer.classes, answer.probabilities, strict=True)).get(label, 0.0)


def draw_remove(shown: Shown) -> None:
    """Draw what was removed, with what it was filled, and the answer before and after."""
    removal = shown.reading.removal
    if removal is None:
        st.markdown(
            "**Remove hottest** (x) fills the hottest part of the map and asks the model again. **Remove marked** does "
            "so with what you marked on the picture, the values or the text; nothing is saved by it."
        )
        return
    _pick_fill(shown, removal)
    found = ask_part(shown, NAME, _question(shown, removal), SAID, *_extra(removal))
    if found is not None:
        _result(shown, found)


def _pick_fill(shown: Shown, removal: Removal) -> None:
    if not any(one.kind == "image" and not one.missing for one in shown.case.fields):
        return
    st.session_state["removal_fill"] = removal.fill
    st.segmented_control(
        "Filled with", list(FILLS), key="removal_fill", format_func=FILLS.__getitem__, required=True,
        on_change=_refill, args=(shown,),
    )  # fmt: skip


def _refill(shown: Shown) -> None:
    removal = shown.reading.removal
    if removal is not None:
        shown.reading.removal = replace(removal, fill=st.session_state["removal_fill"])


def _result(shown: Shown, found: RemovalView) -> None:
    left, right = st.columns(2, gap="large")
    with left, st.container(key="removal_result", gap="small"):
        first, _, rest = found.words.partition(". ")
        st.markdown(f"**{plain(first.rstrip('.'))}.** {plain(rest)}")
        _table(shown, found)
        moved = f"the probability changed by {signed(found.change)}"
        st.caption(f"{percent(found.share)} of the case was removed; {moved}.")
    with right:
        st.markdown("**What the model saw then**")
        draw_side(found.fields, None, f"without {found.share}", "without the region, as the model saw it")
        draw_values(found.fields)


def _table(shown: Shown, found: RemovalView) -> None:
    before, after = (one.target(found.target) for one in (found.before, found.after))
    listed = sorted(before.classes, key=lambda label: -max(_share(before, label), _share(after, label)))[:5]
    rows = {
        "answer": [plain(middle(words(shown.target, label), 28)) for label in listed],
        "with": [number(_share(before, label), 2) for label in listed],
        "without": [number(_share(after, label), 2) for label in listed],
        "change": [signed(_share(after, label) - _share(before, label)) for label in listed],
    }
    st.table(rows, hide_index=True, border="horizontal", alt="Probabilities with and without the region")
