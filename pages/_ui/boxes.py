"""The three boxes of the review page: your read, the model, your verdict."""

from __future__ import annotations

import streamlit as st

from core.contracts.kinds import UNSURE
from core.contracts.results import TargetAnswer
from core.contracts.views import CaseView, ReadView, RevealView
from pages._ui import acts
from pages._ui.format import likelihood, number, when
from pages._ui.labels import pick_confidence, pick_label, words
from pages._ui.reading import CONFIDENCES, Reading, revision, widget_key
from pages._ui.text import plain, shorten, spaced


def draw_read(case: CaseView) -> None:
    """Draw your read: to be given, or as it was committed."""
    if case.mode == "concurrent":
        return
    with st.container(border=True, key="read_box", gap="small"):
        if case.read_done:
            st.markdown(f"**Your read** · {_read_words(case)}")
            return
        st.markdown("**Your read**")
        for target in case.targets:
            pick_label(target, widget_key("blind_label", case.targets, target.name), titled=len(case.targets) > 1)
        with st.container(horizontal=True, vertical_alignment="center"):
            pick_confidence("blind_confidence", CONFIDENCES)
            st.form_submit_button(
                "Commit ↵",
                key="blind_submit",
                type="primary",
                on_click=acts.commit,
                args=(case.workspace, case.name, case.targets),
            )


def _read_words(case: CaseView) -> str:
    parts = [f"{plain(_said(case, read))}, {read.confidence}" for read in case.reads]
    return "; ".join(parts) + " · committed"


def _said(case: CaseView, read: ReadView) -> str:
    target = next(t for t in case.targets if t.name == read.target)
    title = f"{target.title}: " if len(case.targets) > 1 else ""
    return title + shorten(words(target, read.label), 60)


def draw_model(case: CaseView, reveal: RevealView) -> None:
    """Draw what the model answers, how sure it is, and where evidence can be asked for."""
    with st.container(border=True, key="prediction_panel", gap="small"):
        st.markdown(f"**The model** · {plain(reveal.prediction.version)}")
        for answer in reveal.prediction.targets:
            _answer(case, reveal, answer)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            if len(case.targets) > 1:
                st.selectbox(
                    "Evidence for", [t.name for t in case.targets], key="evidence_target", label_visibility="collapsed"
                )
            st.selectbox(
                "Method", reveal.methods, key="method_select", format_func=spaced, label_visibility="collapsed",
                disabled=not reveal.methods,
            )  # fmt: skip
            st.form_submit_button(
                "Evidence", key="evidence_show", shortcut="e", on_click=acts.show_evidence, disabled=not reveal.methods
            )


def _answer(case: CaseView, reveal: RevealView, answer: TargetAnswer) -> None:
    target = next(t for t in case.targets if t.name == answer.target)
    title = f"{plain(target.title)}: " if len(case.targets) > 1 else ""
    label = plain(shorten(words(target, answer.label), 60))
    st.progress(
        answer.probability, text=f"{title}**{label}** · {likelihood(answer.probability)}, {number(answer.probability)}"
    )
    rest = ", ".join(plain(shorten(words(target, value), 40)) for value in answer.answer_set) or "none"
    st.caption(
        f"can't rule out: {rest} · calibrated on {reveal.calibration_n:,} cases; "
        f"{100 * reveal.coverage:.0f} % of such sets hold the right answer"
    )
    if answer.defers:
        st.caption(f":material/person: left to you: {plain(answer.reason)}")
    _compare(case, answer)


def _compare(case: CaseView, answer: TargetAnswer) -> None:
    read = next((r for r in case.reads if r.target == answer.target), None)
    if read is None:
        return
    target = next(t for t in case.targets if t.name == answer.target)
    said = plain(shorten(words(target, read.label), 40))
    if read.label == UNSURE:
        st.markdown("you were unsure")
    elif read.label == answer.label:
        st.markdown(f":material/check: you said {said} · you agree")
    else:
        st.markdown(f":material/compare_arrows: you said {said} · you differ")


def draw_verdict(case: CaseView, reveal: RevealView, reading: Reading) -> None:
    """Draw your verdict: label, marks, comment, save, undo, next."""
    with st.container(border=True, key="verdict_box", gap="small"):
        st.markdown("**Your verdict**")
        for target in case.targets:
            pick_label(target, widget_key("verdict_label", case.targets, target.name), titled=len(case.targets) > 1)
        with st.container(horizontal=True, vertical_alignment="center"):
            pick_confidence("verdict_confidence", CONFIDENCES)
            st.selectbox(
                "What the ignored region is", _artefacts(case), key="mask_artefact", accept_new_options=True,
                placeholder="name what to ignore", label_visibility="collapsed", index=None, width=220,
            )  # fmt: skip
        st.text_input(
            "Comment", key="verdict_comment", placeholder="comment", label_visibility="collapsed", max_chars=4000
        )
        _save_row(case, reveal)
        _status(case, reading)


def _artefacts(case: CaseView) -> list[str]:
    names = [artefact.name for artefact in case.artefacts]
    named = st.session_state.get("mask_artefact")
    return names if not named or named in names else [*names, named]


def _save_row(case: CaseView, reveal: RevealView) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.form_submit_button(
            "Save ↵", key="verdict_submit", type="primary", on_click=acts.save, args=(case, reveal.prediction.version)
        )
        can_undo = any(verdict.can_undo for verdict in case.verdicts)
        st.form_submit_button(
            "Undo", key="verdict_undo", shortcut="u", on_click=acts.undo, args=(case,), disabled=not can_undo
        )
        draw_next(case)


def draw_next(case: CaseView) -> None:
    """Draw the way to the next case."""
    st.form_submit_button(
        "Next", key="next_case", shortcut="n", on_click=acts.go_next, args=(case.workspace, case.name)
    )


def _status(case: CaseView, reading: Reading) -> None:
    saved = revision(case)
    words_now = f"saved {when(saved)}" if saved else "not saved yet"
    st.caption(" · ".join([words_now, *(plain(note) for note in reading.notes)]))
