"""The answer to the case as it is beside the answer to the edited case, and the edits in words."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.contracts import Edit, FieldView, TargetAnswer, TargetView, WhatIfCase, WhatIfView
from pages._ui.deferral import all_reasons, left_to_you
from pages._ui.fields import shown_value
from pages._ui.format import likelihood, number, signed, value_words
from pages._ui.guard import acting
from pages._ui.labels import words
from pages._ui.plots import middle
from pages._ui.text import asking, plain, shorten
from pages._ui.whatif_controls import FILLS
from pages._ui.whatif_trial import Trial, current

MOST = 6
"""Classes whose probability is listed."""


def draw_answers(case: WhatIfCase, view: WhatIfView) -> None:
    """Draw what the model answers before and after, side by side, for every question."""
    several = len(case.targets) > 1
    before, after = st.columns(2, gap="small")
    for place, key, title, prediction in (
        (before, "whatif_before", "As it is", view.before),
        (after, "whatif_after", "Edited", view.after),
    ):
        with place, st.container(border=True, key=key, gap="xsmall"):
            st.markdown(f"**{title}** · {plain(prediction.version)}")
            for target in case.targets:
                _answer(target, prediction.target(target.name), several)
    for target in case.targets:
        _change(target, view.before.target(target.name), view.after.target(target.name), several)
    for warning in view.warnings:
        st.warning(plain(warning[:1].upper() + warning[1:]), icon=":material/warning:")


def draw_seen(view: WhatIfView, trial: Trial) -> None:
    """Draw the painted-over pictures as the model sees them."""
    for one in view.fields:
        edit = trial.edit(one.name)
        if edit is not None and edit.mask is not None and one.image is not None:
            st.image(one.image, width=220, alt=f"{one.title} as the model sees it now")
            st.caption(f"{plain(one.title)} as the model sees it now")


def _answer(target: TargetView, answer: TargetAnswer, several: bool) -> None:
    title = f"{plain(asking(target.title))} " if several else ""
    label = plain(shorten(words(target, answer.label), 60))
    sure = f"{likelihood(answer.probability)}, {number(answer.probability)}"
    st.progress(answer.probability, text=f"{title}**{label}** · {sure}")
    rest = ", ".join(plain(shorten(words(target, value), 40)) for value in answer.answer_set) or "none"
    st.caption(f"{left_to_you(answer)}can't rule out: {rest}", help=all_reasons(answer) or None)


def _change(target: TargetView, before: TargetAnswer, after: TargetAnswer, several: bool) -> None:
    """Draw what became of the answer in a sentence and, class by class, in a table."""
    title = f"{plain(asking(target.title))} " if several else ""
    if before.label != after.label:
        was, now = (plain(shorten(words(target, one.label), 40)) for one in (before, after))
        st.markdown(f":material/sync_alt: {title}the answer changes from **{was}** to **{now}**.")
    then = dict(zip(after.classes, after.probabilities, strict=True))
    moves = [
        (label, share, then.get(label, 0.0)) for label, share in zip(before.classes, before.probabilities, strict=True)
    ]
    listed = sorted(moves, key=lambda one: -max(one[1], one[2]))[:MOST]
    rows = [
        (plain(middle(words(target, label), 24)), number(was, 2), number(now, 2), signed(now - was))
        for label, was, now in listed
    ]
    frame = pd.DataFrame(rows, columns=["answer", "as it is", "edited", "change"])
    st.table(frame, hide_index=True, border="horizontal", alt=f"Probabilities of {target.title}, as it is and edited")


def draw_changes(case: WhatIfCase, trial: Trial) -> None:
    """Draw every edit with the way back, and undo, redo and undo all."""
    with st.container(border=True, key="whatif_changes", gap="xsmall"):
        st.markdown("**What you changed**")
        if not trial.edits:
            st.caption("Nothing yet. Change a value, a word or a part of the picture; the answer follows.")
        fields = {one.name: one for one in case.fields}
        words = {one.field: dict(one.categories) for one in case.ranges}
        for edit in trial.edits:
            _edit(edit, edit_words(fields[edit.field], edit, words.get(edit.field)), fields[edit.field].title)
        with st.container(horizontal=True, gap="xsmall"):
            last = len(trial.steps) - 1
            st.button("Undo", key="whatif_undo", on_click=_move, args=(-1,), disabled=trial.place == 0)
            st.button("Redo", key="whatif_redo", on_click=_move, args=(1,), disabled=trial.place == last)
            st.button("Undo all", key="whatif_reset", on_click=_reset, disabled=not trial.edits)


def _edit(edit: Edit, told: str, title: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        st.text(told, width="stretch")
        st.button(
            "undo this", key=f"undo_{edit.field}", on_click=_drop, args=(edit.field,), type="tertiary",
            help=f"{plain(title)} as it is",
        )  # fmt: skip


def edit_words(field: FieldView, edit: Edit, categories: dict[str, str] | None = None) -> str:
    """Return an edit in words: `Age: 43 → 60 years`."""
    if edit.mask is not None:
        return f"{field.title}: a part painted over with {FILLS[edit.fill]}"
    if edit.missing:
        return f"{field.title}: {_shown(field)} → missing"
    if edit.number is not None:
        return f"{field.title}: {_shown(field)} → {value_words(edit.number)} {field.unit}".rstrip()
    if field.kind == "categorical":
        return f"{field.title}: {_shown(field)} → {(categories or {}).get(edit.text or '', edit.text)}"
    return f"{field.title}: {_text_words(field.text or '', edit.text or '')}"


def _shown(field: FieldView) -> str:
    return shorten(shown_value(field) or "missing", 40)


def _text_words(before: str, after: str) -> str:
    """Return the part that two texts do not share: `“no effusion” → “effusion”`."""
    old, new = before.split(), after.split()
    start = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    end = next(
        (i for i, (a, b) in enumerate(zip(old[start:][::-1], new[start:][::-1], strict=False)) if a != b),
        min(len(old), len(new)) - start,
    )
    was, now = " ".join(old[start : len(old) - end]), " ".join(new[start : len(new) - end])
    if not was and not now:
        return "spaces changed"
    return f"“{shorten(was, 60)}” → “{shorten(now, 60)}”" if was and now else (
        f"“{shorten(now, 60)}” put in" if now else f"“{shorten(was, 60)}” left out"
    )  # fmt: skip


def _move(by: int) -> None:
    with acting():
        trial = current()
        if trial is not None:
            trial.move(by)


def _reset() -> None:
    with acting():
        trial = current()
        if trial is not None:
            trial.use(())


def _drop(name: str) -> None:
    with acting():
        trial = current()
        if trial is not None:
            trial.use(tuple(one for one in trial.edits if one.field != name))
