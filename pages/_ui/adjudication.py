"""What readers differ on: the list, how far they agree, and the way into one dispute."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.contracts import AdjudicationView, AgreementView, Dispute, TargetView
from pages._ui import context
from pages._ui.adjudication_case import draw_dispute
from pages._ui.format import estimate, number, when
from pages._ui.labels import words
from pages._ui.text import count, plain, shorten

ASKED = "dispute"
"""Query parameter that names the case of a dispute."""


def asked_dispute() -> str | None:
    """Return the case whose dispute the address names."""
    return st.query_params.get(ASKED)


def draw_differences(view: AdjudicationView) -> None:
    """Draw the disputes that wait, the one that is looked at, those that were settled, and the agreement."""
    if view.why_not:
        st.caption(plain(view.why_not))
    disputes = (*view.waiting, *view.done)
    opened = _opened(disputes)
    if opened is not None:
        draw_dispute(view, opened)
    elif asked_dispute():
        st.info(f"Nobody differs on case {plain(str(asked_dispute()))}, or it was never read by two.")
    _list(view, disputes)
    _agreement(view)


def _opened(disputes: tuple[Dispute, ...]) -> Dispute | None:
    case, target = asked_dispute(), st.query_params.get("target")
    found = [one for one in disputes if one.case == case and target in (None, one.target)]
    return found[0] if found else None


def _list(view: AdjudicationView, disputes: tuple[Dispute, ...]) -> None:
    if not disputes:
        st.info("Readers do not differ on any case. What they differ on appears here, for a lead to settle.")
        return
    st.markdown(f"**{count(len(view.waiting), 'case')} to settle**, {len(view.done):,} settled")
    titles = {target.name: target for target in view.targets}
    frame = pd.DataFrame([_row(one, titles[one.target], len(titles) > 1) for one in disputes])
    chosen = st.dataframe(
        frame, hide_index=True, on_select="rerun", selection_mode=("single-row", "single-cell"), key="dispute_table",
        height=min(420, 36 * (len(disputes) + 1) + 3), alt="Cases on which readers differ; choose one to settle it",
    )  # fmt: skip
    places = [*chosen.selection.rows, *(row for row, _ in chosen.selection.cells)]
    if places:
        one = disputes[places[0]]
        if (asked_dispute(), st.query_params.get("target")) != (one.case, one.target):
            st.query_params.from_dict(context.link(dispute=one.case, target=one.target))
            st.rerun()


def _row(one: Dispute, target: TargetView, several: bool) -> dict[str, object]:
    said = " · ".join(f"{o.reader} {shorten(words(target, o.label), 30)}" for o in one.opinions)
    question = {"question": target.title} if several else {}
    settled = shorten(words(target, one.settled), 30) if one.settled else "to settle"
    return {
        "case": one.case, **question, "readers said": said, "marks overlap": number(one.mark_overlap),
        "settled": settled, "since": when(one.created),
    }  # fmt: skip


def _agreement(view: AdjudicationView) -> None:
    known = [one for one in view.agreement if one.same or one.overlap]
    if not known:
        return
    titles = {target.name: target.title for target in view.targets}
    with st.container(border=True, key="reader_agreement", gap="xsmall"):
        st.markdown("**How far readers agree**, by what each said before the model was shown")
        for one in known:
            title = f"{plain(titles[one.target])}: " if len(view.targets) > 1 else ""
            st.markdown(title + " · ".join(_figures(one)))
        st.caption("Kappa is agreement beyond chance: 1 is full agreement, 0 what chance gives. Marks: shared part.")


def _figures(one: AgreementView) -> list[str]:
    figures = (("kappa", one.kappa), ("same label", one.same), ("marks overlap", one.overlap))
    return [f"{name} {estimate(value)}" for name, value in figures if value is not None]
