"""What a person does on the review page: each callback is one act of the services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from time import monotonic

import streamlit as st

from core.contracts import CaseView, EvidenceForm, FieldKind, MarkForm, TargetView, VerdictForm
from core.errors import BadInput
from pages._ui import context
from pages._ui.fields import marked_field
from pages._ui.guard import acting
from pages._ui.painter import painted
from pages._ui.reading import PART, Reading, Removal, current, keep_artefact, opening, widget_key
from pages._ui.services import get_services
from pages._ui.words import marked_words

_MARKED: Mapping[FieldKind, Callable[[str, str, str | None], tuple[MarkForm, ...] | None]] = {
    "image": painted,
    "numeric": marked_field,
    "categorical": marked_field,
    "text": marked_words,
}
"""Field kind -> what says how a field was marked."""


def _label(prefix: str, targets: tuple[TargetView, ...], target: TargetView) -> str:
    label = st.session_state.get(widget_key(prefix, targets, target.name))
    if not label:
        raise BadInput(f"No label is chosen for {target.title}. Choose one, or unsure, and press Enter again.")
    return str(label)


def commit(workspace: str, case: str, targets: tuple[TargetView, ...]) -> None:
    """Commit the person's read of every target."""
    with acting():
        labels = [(target.name, _label("blind_label", targets, target)) for target in targets]
        reading = current()
        spent = monotonic() - reading.opened if reading else None
        for name, label in labels:
            get_services().review.commit_read(
                workspace, case, name, label, st.session_state.get("blind_confidence") or "likely",
                actor=context.actor(), seconds=spent,
            )  # fmt: skip


def show_evidence(case: CaseView) -> None:
    """Ask for the chosen explanation; it is computed while the page is drawn."""
    with acting():
        reading, method = current(), st.session_state.get("method_select")
        target = st.session_state.get("evidence_target") or case.targets[0].name
        if reading is None:
            return
        now = reading.question
        if now is None or (now.target, now.method) != (target, method):
            reading.question = EvidenceForm(case.workspace, case.name, target, method)


def remove(case: CaseView, *, marked: bool) -> None:
    """Predict again without what the person marked, or without the hottest part of the evidence."""
    with acting():
        reading = current()
        if reading is None:
            return
        region = _region(case, reading) if marked else ()
        reading.removal = Removal(region, reading.removal.fill if reading.removal else "blur")
        st.session_state[PART] = "Remove"


def _region(case: CaseView, reading: Reading) -> tuple[MarkForm, ...]:
    """Return what is marked now: what to ignore, else where to look."""
    marks = _marked(case, reading, None)
    found = tuple(mark for mark in marks if mark.kind == "ignore") or tuple(marks)
    if not found:
        raise BadInput("Nothing is marked. Mark a part of the picture, a value or words; then predict again without.")
    return found


def _marks(case: CaseView, reading: Reading) -> tuple[MarkForm, ...]:
    artefact = (st.session_state.get("mask_artefact") or "").strip() or None
    marks = _marked(case, reading, artefact)
    keep_artefact(case.workspace, artefact if any(mark.kind == "ignore" for mark in marks) else None)
    return tuple(marks)


def _marked(case: CaseView, reading: Reading, artefact: str | None) -> list[MarkForm]:
    """Return the marks on the screen: fresh strokes, else what was saved."""
    marks: list[MarkForm] = []
    for field in case.fields:
        fresh = _MARKED[field.kind](field.name, opening(reading, case), artefact)
        marks += _standing(case, field.name, artefact) if fresh is None else fresh
    return marks


def _standing(case: CaseView, field: str, artefact: str | None) -> list[MarkForm]:
    return [
        MarkForm(m.field, m.kind, artefact if m.kind == "ignore" else None, m.mask, m.names, m.spans)
        for verdict in case.verdicts
        for m in verdict.marks
        if m.field == field
    ]


def _forms(case: CaseView, version: str | None, reading: Reading) -> list[VerdictForm]:
    state = st.session_state
    marks = _marks(case, reading)
    return [
        VerdictForm(
            case.workspace, case.name, target.name, _label("verdict_label", case.targets, target),
            state.get("verdict_confidence") or "likely", version, (state.get("verdict_comment") or "").strip(),
            marks if place == 0 else (), reading.shown,
        )
        for place, target in enumerate(case.targets)
    ]  # fmt: skip


def save(case: CaseView, version: str | None) -> None:
    """Save the verdict on every target; pressing twice saves once."""
    with acting():
        reading = current()
        if reading is None:
            return
        forms = _forms(case, version, reading)
        digest = sha256(repr((reading.nonce, reading.undone, forms)).encode()).hexdigest()
        if reading.saved == digest:
            return
        saved = [get_services().review.save_verdict(_keyed(form, digest), actor=context.actor()) for form in forms]
        reading.saved = digest
        reading.notes = tuple(note for one in saved for note in one.notes)


def _keyed(form: VerdictForm, digest: str) -> VerdictForm:
    return replace(form, idempotency_key=f"{digest[:32]}:{form.target}")


def undo(case: CaseView) -> None:
    """Take the last verdict back, on every target that has one."""
    with acting():
        reading = current()
        for verdict in case.verdicts:
            if verdict.can_undo:
                get_services().review.undo(case.workspace, case.name, verdict.target, actor=context.actor())
        if reading is not None:
            reading.saved, reading.notes = None, ()
            reading.undone += 1


def go_next(workspace: str, case: str) -> None:
    """Open the next case; the address follows."""
    with acting():
        name = get_services().review.next_case(workspace, actor=context.actor(), after=case)
        st.query_params.from_dict(context.link(**({"case": name} if name else {})))
