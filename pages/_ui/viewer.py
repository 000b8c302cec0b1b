"""The viewer: pictures, numbers and texts of a case, with evidence and marks."""

from __future__ import annotations

import streamlit as st

from core.contracts import CaseView, EvidenceView, FieldEvidence, FieldView, MarkView
from pages._ui.fields import draw_fields
from pages._ui.painter import draw_painter
from pages._ui.text import plain
from pages._ui.words import draw_words

ROW, HEAD, MOST_ROWS, TEXT = 2.15, 4.9, 3, 14.5
"""Heights in rem that are kept free under a picture: a table's row, its frame, the rows in sight, a text."""


def draw_viewer(case: CaseView, opening: str, evidence: EvidenceView | None) -> None:
    """Draw every field of `case`: pictures, then the table, then texts; marks can be made after the commit."""
    pictures = [field for field in case.fields if field.kind == "image"]
    table = tuple(field for field in case.fields if field.kind in ("numeric", "categorical"))
    texts = [field for field in case.fields if field.kind == "text"]
    found = {item.field: item for item in evidence.fields} if evidence else {}
    compact = len(pictures) + bool(table) + len(texts) > 1
    below = _below(len(table), len(texts)) if pictures else "0px"
    with st.container(key="viewer", gap="xsmall"):
        for field in pictures:
            _picture(case, field, opening, found.get(field.name), below)
        if table:
            draw_fields(
                table, opening=opening, paint=case.read_done, evidence=found, two_ways=_two_ways(evidence),
                marks=_marks(case), compact=compact, description=f"Values of case {case.name}",
            )  # fmt: skip
        for field in texts:
            draw_words(
                field, opening=opening, paint=case.read_done, evidence=found.get(field.name),
                signed=_two_ways(evidence), marks=_marks(case), compact=compact,
                description=f"{field.title} of case {case.name}",
            )  # fmt: skip


def _below(rows: int, texts: int) -> str:
    table = HEAD + ROW * min(rows, MOST_ROWS) if rows else 0.0
    return f"{table + TEXT * texts:.2f}rem"


def _two_ways(evidence: EvidenceView | None) -> bool:
    return evidence is None or evidence.signed


def _marks(case: CaseView) -> tuple[MarkView, ...]:
    return tuple(mark for verdict in case.verdicts for mark in verdict.marks)


def _picture(case: CaseView, field: FieldView, opening: str, item: FieldEvidence | None, below: str) -> None:
    if field.image is None:
        with st.container(border=True):
            st.caption(f"**{plain(field.title)}**: this case has none. The model answers without it.")
        return
    draw_painter(
        field, opening=opening, paint=case.read_done, heat=item.heat if item else None, marks=_marks(case),
        warning=case.mark_warning, below=below, description=f"{field.title} of case {case.name}",
    )  # fmt: skip
