"""The viewer: image, numbers or text of a case, with evidence and marks."""

from __future__ import annotations

import streamlit as st

from core.contracts import CaseView, EvidenceView, FieldEvidence, FieldView, MarkView
from pages._ui.format import number
from pages._ui.painter import draw_painter
from pages._ui.text import plain


def draw_viewer(case: CaseView, opening: str, evidence: EvidenceView | None) -> None:
    """Draw every field of `case`; images can be painted once the read is committed."""
    heat = {item.field: item for item in evidence.fields} if evidence else {}
    images = [field for field in case.fields if field.kind == "image" and field.image is not None]
    for place, field in enumerate(images):
        with st.container(key="viewer" if place == 0 else f"viewer_{field.name}"):
            _image(case, field, opening, heat.get(field.name))
    for field in case.fields:
        if field.kind == "image" and field.image is None:
            st.info(f"{plain(field.title)}: this case has no picture.")
        elif field.kind == "text":
            st.text(f"{field.title}\n{field.text or '–'}", width=640)
    _table(tuple(f for f in case.fields if f.kind in ("numeric", "categorical")), heat)


def _image(case: CaseView, field: FieldView, opening: str, item: FieldEvidence | None) -> None:
    marks: tuple[MarkView, ...] = tuple(mark for verdict in case.verdicts for mark in verdict.marks)
    draw_painter(
        field, opening=opening, paint=case.read_done, heat=item.heat if item else None, marks=marks,
        warning=case.mark_warning, description=f"{field.title} of case {case.name}",
    )  # fmt: skip


def _table(fields: tuple[FieldView, ...], heat: dict[str, FieldEvidence]) -> None:
    if not fields:
        return
    rows = {
        "field": [field.title for field in fields],
        "value": [field.text if field.text is not None else number(field.number) for field in fields],
    }
    if heat:
        rows["pull"] = [number(heat[f.name].value) if f.name in heat else "" for f in fields]
    st.dataframe(rows, hide_index=True, alt="The case's fields and their values")
