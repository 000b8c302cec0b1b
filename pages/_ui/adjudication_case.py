"""One dispute: the case, what each reader said and marked side by side, and the word that settles it."""

from __future__ import annotations

import streamlit as st

from core.contracts import AdjudicationView, Dispute, DisputeView, FieldView, MarkView, ReaderOpinion, TargetView
from core.errors import BadInput
from pages._ui import context
from pages._ui.fields import shown_value
from pages._ui.format import number, seconds, when
from pages._ui.guard import acting, guarded
from pages._ui.labels import MANY, words
from pages._ui.services import get_services
from pages._ui.text import asking, plain, shorten

LINES = ("orange, drawn through", "blue, dashed")
"""How the outlines of the first and the second reader's marks look, in turn."""
KIND = {"ignore": "ignore", "look_here": "look here"}
LABEL, REASON = "dispute_label", "dispute_reason"
_FILLED = "dispute_filled"


def draw_dispute(view: AdjudicationView, dispute: Dispute) -> None:
    """Draw one dispute, side by side; who may not see it yet is told why."""
    with st.container(border=True, key="dispute"), guarded():
        opened = get_services().adjudication.open(view.workspace, dispute.case, dispute.target, actor=context.actor())
        title = f" · {plain(asking(opened.target.title))}" if len(view.targets) > 1 else ""
        overlap = f" · marks overlap {number(dispute.mark_overlap)}" if dispute.mark_overlap is not None else ""
        st.markdown(f"**Case {plain(shorten(dispute.case, 60))}**{title}{overlap}")
        left, right = st.columns([1, 1.2], gap="medium")
        with left:
            _inputs(opened)
        with right:
            _opinions(opened)
            _settle(view, opened)


def _inputs(opened: DisputeView) -> None:
    pictures = dict(opened.pictures)
    for field in opened.fields:
        if field.kind == "image":
            _picture(field, pictures.get(field.name), opened)
    table = [{"field": field.title, "value": _value(field)} for field in opened.fields if _in_table(field)]
    if table:
        st.table(table, hide_index=True)
    for field in opened.fields:
        if field.kind == "text":
            st.caption(plain(field.title))
            st.text(field.text or "missing")


def _in_table(field: FieldView) -> bool:
    return field.kind in ("numeric", "categorical")


def _value(field: FieldView) -> str:
    return f"{shown_value(field) or 'missing'} {field.unit}".strip()


def _picture(field: FieldView, marked: bytes | None, opened: DisputeView) -> None:
    data = marked or field.image
    if data is None:
        st.caption(f"**{plain(field.title)}**: this case has none.")
        return
    legend = "; ".join(_line(field, one, place) for place, one in enumerate(opened.dispute.opinions))
    st.image(data, width="stretch", alt=f"{field.title} of case {opened.dispute.case}. Marks: {legend}")
    st.caption(f"Marks: {legend}")


def _line(field: FieldView, one: ReaderOpinion, place: int) -> str:
    """Return how a reader's marks on a picture look."""
    marked = any(mark.field == field.name for mark in one.marks)
    return f"{one.reader} {LINES[place % len(LINES)] if marked else 'none'}"


def _opinions(opened: DisputeView) -> None:
    for column, one in zip(st.columns(len(opened.dispute.opinions)), opened.dispute.opinions, strict=True):
        with column.container(border=True, gap="xsmall", key=f"opinion_{one.reader}"):
            label = "unsure" if one.label == "unsure" else words(opened.target, one.label)
            st.markdown(f"**{one.reader}** says **{plain(shorten(label, 60))}**")
            st.caption(f"{one.confidence} · read in {seconds(one.seconds)}" if one.seconds else one.confidence)
            if one.comment:
                st.text(one.comment)
            for line in _marks(one, opened):
                st.caption(plain(line))


def _marks(one: ReaderOpinion, opened: DisputeView) -> list[str]:
    """Return in words what a reader marked on values and texts."""
    fields = {field.name: field for field in opened.fields}
    return [_mark(mark, fields[mark.field]) for mark in one.marks if mark.field in fields and mark.mask is None]


def _mark(mark: MarkView, field: FieldView) -> str:
    what = "; ".join(f"“{shorten((field.text or '')[start:end], 40)}”" for start, end in mark.spans) or "all of it"
    return f"{KIND[mark.kind]} in {field.title}: {what}"


def _settle(view: AdjudicationView, opened: DisputeView) -> None:
    dispute = opened.dispute
    if dispute.settled:
        by = f" by {plain(dispute.settled_by)}" if dispute.settled_by else ""
        st.success(f"Settled{by}: {plain(words(opened.target, dispute.settled))}.", icon=":material/check:")
    if not view.may:
        return
    key = f"{dispute.case}:{dispute.target}:{when(dispute.created)}"
    if st.session_state.get(_FILLED) != key:
        st.session_state[_FILLED] = key
        st.session_state[LABEL], st.session_state[REASON] = None, ""
    with st.form("settle_form", border=False):
        st.markdown("**What the case shows**" if not dispute.settled else "**A later word supersedes it**")
        _pick(opened.target)
        st.text_input("Reason", key=REASON, placeholder="why, in one sentence; it stays on record", max_chars=4000)
        given = (view.workspace, dispute.case, dispute.target)
        st.form_submit_button("Settle", key="dispute_settle", type="primary", on_click=_save, args=given)


def _pick(target: TargetView) -> None:
    """Draw the classes: what settles a difference is one of them, never `unsure`."""
    values = [choice.value for choice in target.choices]

    def worded(value: str) -> str:
        return plain(shorten(words(target, value), 40))

    if len(values) > MANY:
        st.selectbox(target.title, values, key=LABEL, index=None, format_func=lambda value: words(target, value))
    else:
        st.segmented_control(target.title, values, key=LABEL, format_func=worded, label_visibility="collapsed")


def _save(workspace: str, case: str, target: str) -> None:
    with acting():
        state = st.session_state
        label, reason = state.get(LABEL), (state.get(REASON) or "").strip()
        if not label:
            raise BadInput("No label is chosen. Choose what the case shows, and say why.")
        get_services().adjudication.settle(workspace, case, target, label, reason, actor=context.actor())
        state[REASON] = ""
