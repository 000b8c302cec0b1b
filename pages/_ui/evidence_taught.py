"""The cases that taught the model this answer, and those that spoke against it."""

from __future__ import annotations

import streamlit as st

from core.contracts import InfluenceView, TaughtBy
from pages._ui import context
from pages._ui.download import Numbers, download_numbers
from pages._ui.evidence_ask import Shown, ask_part
from pages._ui.format import decimals, signed
from pages._ui.labels import words
from pages._ui.services import get_services
from pages._ui.sidebar import page
from pages._ui.text import count, plain, shorten

CARD = 180
"""Width of a case in pixels."""


def draw_taught(shown: Shown) -> None:
    """Draw the training cases with the largest influence on this answer."""
    influence, who, form = get_services().evidence.influence, context.actor(), shown.form
    found = ask_part(shown, "influence", lambda: influence(form, actor=who), "Looking through the training cases.")
    if found is None:
        return
    label = plain(words(shown.target, found.label))
    with st.container(key="evidence_taught", gap="small"):
        _cards(shown, f"**Taught the model “{label}” here**", found.towards)
        _cards(shown, f"**Spoke against “{label}” here**", found.against)
        with st.container(horizontal=True, gap="small"):
            st.caption(
                f"Of {count(found.n, 'training case')}: how far learning from each moved this answer (TracInCP on the "
                f"last layers, {count(found.checkpoints, 'checkpoint')}). It says what the model learnt from, not "
                "whether that was right.", width="stretch",
            )  # fmt: skip
            download_numbers(_numbers(found), key="influence", name="taught-by")


def _cards(shown: Shown, title: str, cases: tuple[TaughtBy, ...]) -> None:
    st.markdown(title)
    if not cases:
        st.caption("None.")
        return
    with st.container(horizontal=True, gap="small"):
        for one in cases:
            with st.container(border=True, width=CARD, gap="xxsmall"):
                _card(shown, one)


def _card(shown: Shown, one: TaughtBy) -> None:
    if one.image is not None:
        st.image(one.image, width=84, alt=f"case {one.case}: {one.caption}")
    st.page_link(page("review"), label=plain(shorten(one.case, 24)), query_params=context.link(case=one.case))
    if one.caption:
        st.caption(plain(shorten(one.caption, 100)))
    label = plain(shorten(words(shown.target, one.label), 40))
    st.markdown(f"label **{label}**")
    st.caption(f"influence {signed(one.influence, decimals(one.influence))}")


def _numbers(found: InfluenceView) -> Numbers:
    rows = tuple((one.case, one.label, one.influence) for one in (*found.towards, *found.against))
    return Numbers(("case", "label", "influence"), rows)
