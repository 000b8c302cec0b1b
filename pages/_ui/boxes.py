"""The three boxes of the review page: your read, the model, your verdict."""

from __future__ import annotations

import streamlit as st

from core.contracts import UNSURE, CaseView, MethodView, ReadView, RevealView, TargetAnswer, TargetView
from pages._ui import acts, context
from pages._ui.deferral import all_reasons, left_to_you
from pages._ui.format import likelihood, number, when
from pages._ui.labels import pick_confidence, pick_label, words
from pages._ui.reading import CONFIDENCES, Reading, revision, widget_key
from pages._ui.sidebar import page
from pages._ui.text import asking, count, plain, shorten

UNSUPPORTED = "not supported by evidence here"


def draw_read(case: CaseView) -> None:
    """Draw your read: to be given, or as it was committed."""
    if case.mode == "concurrent":
        return
    with st.container(border=True, key="read_box", gap="xsmall"):
        if case.read_done:
            st.markdown(f"**Your read** · {_read_words(case)}")
            return
        st.markdown("**Your read**")
        _pick_labels(case, "blind_label")
        pick_confidence("blind_confidence", CONFIDENCES)
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            given = (case.workspace, case.name, case.targets)
            st.form_submit_button("Commit ↵", key="blind_submit", type="primary", on_click=acts.commit, args=given)
            draw_next(case)


def _pick_labels(case: CaseView, prefix: str) -> None:
    for target in case.targets:
        pick_label(target, widget_key(prefix, case.targets, target.name), titled=len(case.targets) > 1)


def _read_words(case: CaseView) -> str:
    parts = [f"{plain(_said(case, read))}, {read.confidence}" for read in case.reads]
    return "; ".join(parts) + " · committed"


def _said(case: CaseView, read: ReadView) -> str:
    target = _target(case, read.target)
    title = f"{asking(target.title)} " if len(case.targets) > 1 else ""
    return title + shorten(words(target, read.label), 60)


def _target(case: CaseView, name: str) -> TargetView:
    return next(target for target in case.targets if target.name == name)


def draw_model(case: CaseView, reveal: RevealView, methods: tuple[MethodView, ...], reading: Reading) -> None:
    """Draw what the model answers, how sure it is, and where evidence and what can be asked of it are asked for."""
    several = len(case.targets) > 1
    with st.container(border=True, key="prediction_panel", gap="xsmall"):
        st.markdown(f"**The model** · {plain(reveal.prediction.version)}" + _compared(case, reveal, several))
        if reveal.debrief:
            with st.container(key="debrief"):
                st.info(plain(reveal.debrief), icon=":material/school:")
        for answer in reveal.prediction.targets:
            _answer(_target(case, answer.target), reveal, answer, several)
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            _evidence_controls(case, methods, several)
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            _tests(case, reading)


def draw_withheld(reveal: RevealView) -> None:
    """Draw that the model says nothing on this case, and why; the verdict is given without it."""
    with st.container(border=True, key="withheld", gap="xsmall"):
        st.markdown("**The model**")
        st.write(plain(reveal.withheld))


def _evidence_controls(case: CaseView, methods: tuple[MethodView, ...], several: bool) -> None:
    if several:
        names = [target.name for target in case.targets]
        st.selectbox(
            "Evidence for", names, key="evidence_target", label_visibility="collapsed",
            format_func=lambda name: _target(case, name).title,
        )  # fmt: skip
    known, off = {method.name: method for method in methods}, not methods
    st.selectbox(
        "Method", list(known), key="method_select", label_visibility="collapsed", disabled=off,
        format_func=lambda name: method_words(known[name]) if name in known else name,
    )  # fmt: skip
    st.form_submit_button(
        "Evidence :gray[e]", key="evidence_show", on_click=acts.show_evidence, args=(case,), disabled=off
    )


def method_words(method: MethodView) -> str:
    """Return a method as the picker names it."""
    return method.title + (f" · {UNSUPPORTED}" if method.support == "not supported" else "")


def _tests(case: CaseView, reading: Reading) -> None:
    """Draw what can be tried out: predict again without a region, and what if."""
    due = reading.question is None
    st.form_submit_button(
        "Remove hottest :gray[x]", key="evidence_remove", on_click=acts.remove, args=(case,),
        kwargs={"marked": False}, disabled=due, help="fill the hottest part of the evidence and predict again",
    )  # fmt: skip
    st.form_submit_button(
        "Remove marked", key="evidence_remove_marked", on_click=acts.remove, args=(case,), kwargs={"marked": True},
        disabled=due, help="fill what you marked and predict again; nothing is saved by this",
    )  # fmt: skip
    with st.container(key="evidence_whatif", width="content"):
        st.page_link(page("whatif"), label="What if :gray[w]", query_params=context.link(case=case.name))


def _answer(target: TargetView, reveal: RevealView, answer: TargetAnswer, several: bool) -> None:
    title = f"{plain(asking(target.title))} " if several else ""
    label = plain(shorten(words(target, answer.label), 60))
    sure = f"{likelihood(answer.probability)}, {number(answer.probability)}"
    st.progress(answer.probability, text=f"{title}**{label}** · {sure}")
    rest = ", ".join(plain(shorten(words(target, value), 40)) for value in answer.answer_set) or "none"
    basis = f"calibrated on {count(reveal.calibration_n, 'case')}"
    st.caption(
        f"{left_to_you(answer)}can't rule out: {rest}" + ("" if several else f" · {basis}"),
        help=all_reasons(answer)
        + f"Of such sets of answers, {100 * reveal.coverage:.0f} % hold the right one; {basis}.",
    )


def _compared(case: CaseView, reveal: RevealView, several: bool) -> str:
    """Return how the reads compare with the answers; one sentence whatever the number of questions."""
    answers = {answer.target: answer.label for answer in reveal.prediction.targets}
    reads = [read for read in case.reads if read.target in answers]
    if not reads:
        return ""
    if several:
        differ = sum(read.label != answers[read.target] for read in reads)
        return f" · you differ on {differ} of {len(reads)}" if differ else " · you agree"
    said = plain(shorten(words(_target(case, reads[0].target), reads[0].label), 30))
    if reads[0].label == UNSURE:
        return " · you were unsure"
    same = reads[0].label == answers[reads[0].target]
    return f" · you said {said} · " + (":material/check: you agree" if same else ":material/compare_arrows: you differ")


def draw_verdict(case: CaseView, reveal: RevealView, reading: Reading) -> None:
    """Draw your verdict: label, marks, comment, save, undo, next."""
    with st.container(border=True, key="verdict_box", gap="xsmall"):
        st.markdown("**Your verdict**")
        _pick_labels(case, "verdict_label")
        pick_confidence("verdict_confidence", CONFIDENCES)
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.selectbox(
                "What the ignored region is", _artefacts(case), key="mask_artefact", accept_new_options=True,
                placeholder="name what to ignore", label_visibility="collapsed", index=None,
            )  # fmt: skip
            st.text_input(
                "Comment", key="verdict_comment", placeholder="comment", label_visibility="collapsed", max_chars=4000
            )
        _save_row(case, reveal)
        st.caption(_status(case, reading))


def _artefacts(case: CaseView) -> list[str]:
    names = [artefact.name for artefact in case.artefacts]
    named = st.session_state.get("mask_artefact")
    return names if not named or named in names else [*names, named]


def _save_row(case: CaseView, reveal: RevealView) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        given = (case, reveal.prediction.version or None)
        st.form_submit_button("Save ↵", key="verdict_submit", type="primary", on_click=acts.save, args=given)
        fixed = not any(verdict.can_undo for verdict in case.verdicts)
        st.form_submit_button("Undo :gray[u]", key="verdict_undo", on_click=acts.undo, args=(case,), disabled=fixed)
        draw_next(case)


def draw_next(case: CaseView) -> None:
    """Draw the way to the next case."""
    given = (case.workspace, case.name)
    st.form_submit_button("Next :gray[n]", key="next_case", on_click=acts.go_next, args=given)


def _status(case: CaseView, reading: Reading) -> str:
    saved = revision(case)
    now = f"saved {when(saved)}" if saved else "no verdict yet"
    return " · ".join([now, *(plain(note) for note in reading.notes)])
