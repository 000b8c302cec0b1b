"""Inputs with or without a map, under names of their own, so that several can stand on one page."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.contracts import EvidenceView, FieldView
from pages._ui.fields import shown_value
from pages._ui.painter import draw_painter
from pages._ui.text import plain
from pages._ui.words import draw_words

BELOW = "9rem"
"""Height kept free around a picture, so that two of them and their words fit on a screen."""


def draw_side(fields: tuple[FieldView, ...], found: EvidenceView | None, side: str, told: str) -> None:
    """Draw pictures and texts with the map of `found`, and what is hot in words; `told` ends their descriptions."""
    own = {item.field: item for item in found.fields} if found else {}
    for one in fields:
        item, named = own.get(one.name), replace(one, name=f"{one.name}:{side}")
        if one.kind == "image" and not one.missing:
            draw_painter(
                named, opening=side, paint=False, heat=item.heat if item else None, below=BELOW,
                description=f"{one.title} {told}",
            )  # fmt: skip
        elif one.kind == "text" and not one.missing:
            draw_words(
                named, opening=side, paint=False, evidence=item, signed=found is None or found.signed, compact=True,
                description=f"{one.title} {told}",
            )  # fmt: skip
        if item is not None and item.words and one.kind in ("image", "text") and not one.missing:
            st.caption(f"{plain(one.title)}: {plain(item.words)}")


def draw_values(fields: tuple[FieldView, ...]) -> None:
    """Draw the values of the table's fields in a small table."""
    table = [one for one in fields if one.kind in ("numeric", "categorical")]
    if table:
        rows = {
            "field": [plain(one.title) for one in table],
            "value": [plain(shown_value(one) or one.words or "missing") for one in table],
        }
        st.table(rows, hide_index=True, border="horizontal", alt="Values of the table's fields")
