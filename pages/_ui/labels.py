"""Picking a label: by digit in declared order, by mouse, or by typing when there are many."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from core.contracts import UNSURE, TargetView
from pages._ui.text import plain, shorten

MANY = 10
"""Above this many classes the picker is a list with a filter box."""
BESIDE = 4
"""Up to this many answers stand beside the question's title, more below it."""
UNSURE_KEY = "s"


def digits(target: TargetView) -> tuple[str, ...]:
    """Return the key of each class: its own digit when every class is one, else 1, 2, … 9, 0 in declared order.

    Classes beyond the tenth have no key; there the filter box is used.
    """
    values = [choice.value for choice in target.choices]
    if all(len(value) == 1 and value.isascii() and value.isdigit() for value in values):
        return tuple(values)
    return tuple(str((place + 1) % 10) for place in range(min(len(values), 10)))


def words(target: TargetView, value: str | None) -> str:
    """Return the words of a class, or the stored value when it has none."""
    return next((choice.words for choice in target.choices if choice.value == value), value or "")


def _caption(target: TargetView, value: str) -> str:
    shown = "unsure" if value == UNSURE else plain(shorten(words(target, value), 40))
    keys = dict(zip([choice.value for choice in target.choices], digits(target), strict=False)) | {UNSURE: UNSURE_KEY}
    return f"{shown} :gray[{keys[value]}]" if keys[value] != shown else shown


def pick_label(target: TargetView, key: str, *, titled: bool) -> None:
    """Draw the picker of one target under the element key `key`; its title stands beside it when `titled`."""
    values = [choice.value for choice in target.choices if choice.value != UNSURE] + [UNSURE]
    title, beside = plain(target.title), titled and len(values) <= BESIDE
    visibility: Literal["visible", "collapsed"] = "visible" if titled and not beside else "collapsed"
    if len(target.choices) > MANY:
        st.selectbox(
            title, values, key=key, index=None, placeholder="type to filter", label_visibility=visibility,
            format_func=lambda value: "unsure" if value == UNSURE else words(target, value),
        )  # fmt: skip
        return
    with st.container(horizontal=beside, vertical_alignment="center" if beside else "top", gap="xsmall"):
        if beside:
            st.markdown(title, width="content")
        st.segmented_control(
            title, values, key=key, format_func=lambda value: _caption(target, value), label_visibility=visibility
        )


def pick_confidence(key: str, options: tuple[str, ...]) -> None:
    """Draw how sure the person is."""
    st.segmented_control(
        "How sure", options, key=key, required=True, default="likely" if key not in st.session_state else None,
        format_func=lambda value: f"{value} :gray[{CONFIDENCE_KEYS[value]}]", label_visibility="collapsed",
    )  # fmt: skip


CONFIDENCE_KEYS = {"guess": "g", "likely": "l", "certain": "t"}
