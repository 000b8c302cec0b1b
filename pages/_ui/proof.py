"""The proof: did the marks change what the model uses, against a control without marks, and at what price."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.contracts import ArtefactProof, Effect, GateReport, PriceLine, Proof, Thumbnail
from pages._ui.download import Numbers
from pages._ui.format import percent, seconds
from pages._ui.plots import draw_plot
from pages._ui.proof_plots import (
    change_words,
    models_of,
    points,
    price_numbers,
    price_plot,
    proof_numbers,
    proof_plot,
)
from pages._ui.text import count, plain
from pages._ui.thumbnails import draw_thumbnails

WORDS: dict[Effect, str] = {
    "effect": ":material/check_circle: **Effect**",
    "no effect": ":material/drag_handle: **No effect**",
    "harm": ":material/cancel: **Harm**",
    "not assessable": ":material/help: **Not assessable**",
}
NO_PROOF = (
    "There is nothing to prove yet: nobody has marked what the model should ignore, or this candidate was measured "
    "before there were proofs. In the review, mark what the model should not use, give the mark a name, and retrain."
)
NAMED = 3
"""Figures that got worse which are named in words; the plot has all."""
SHOWN = 6
"""Cases that went from right to wrong that are shown here; all changed cases stand below the gate."""


def draw_proof(report: GateReport, changed: tuple[Thumbnail, ...] = ()) -> None:
    """Draw the proof of a candidate: the sentence, each artefact, the price, what to try next.

    `changed` are thumbnails of changed ledger cases; those that went from right to wrong are shown with the price.
    """
    with st.container(border=True, key="proof"):
        st.header(f"Proof: what the marks changed in {plain(report.version)}", anchor=False)
        proof = report.proof
        if proof is None:
            st.info(NO_PROOF)
            return
        st.markdown(f"{WORDS[proof.effect]} · {plain(proof.words)}")
        _next_steps(proof)
        st.caption(_how(proof))
        for place, artefact in enumerate(proof.artefacts):
            several = len({one.target for one in proof.artefacts}) > 1
            _artefact(artefact, place, several=several, told=artefact.words in proof.words)
        _price(report, proof, changed)
        _tables(proof)


def _next_steps(proof: Proof) -> None:
    steps = list(dict.fromkeys(step for artefact in proof.artefacts for step in artefact.next_steps))
    if steps:
        st.markdown("**What to try next**\n\n" + "\n".join(f"- {plain(step)}" for step in steps))


def _how(proof: Proof) -> str:
    claimed = (
        "Bold: candidate minus control (same data, labels and steps, no marks)"
        if proof.has_control
        else "There is no control run. Bold: candidate minus champion, so that other changes count in"
    )
    return (
        "On cases the model never trained on (the ledger): share of answers that change when the marked content is put "
        f"in, taken out or exchanged. {claimed}, in percentage points with its 95 % interval; below zero is good. "
        f"Attribution is by {plain(proof.explainer.lower())}, which no training used; dashed is chance. "
        f"Measured in {seconds(proof.seconds)}."
    )


def _artefact(proof: ArtefactProof, place: int, *, several: bool, told: bool) -> None:
    about = f" · {plain(proof.target)}" if several else ""
    st.subheader(f"{plain(proof.artefact)}{about}", anchor=False)
    st.markdown(WORDS[proof.effect] + ("" if told else f" · {plain(proof.words)}"))
    if proof.lines:
        draw_plot(
            proof_plot(proof), key=f"proof_artefact_{place}", name=f"proof-{place + 1}",
            words=_figure_words(proof), numbers=proof_numbers(proof),
        )  # fmt: skip


def _figure_words(proof: ArtefactProof) -> str:
    return "; ".join(
        f"{line.title} {points(line.claimed)} ("
        + ", ".join(f"{name} {percent(value.value)}" for name, value in models_of(line))
        + (f", chance {percent(line.chance)}" if line.chance is not None else "")
        + f", n {line.candidate.n:,})"
        for line in proof.lines
    )


def _price(report: GateReport, proof: Proof, changed: tuple[Thumbnail, ...]) -> None:
    st.subheader("What it cost", anchor=False)
    fell = {(one.case, one.target) for one in report.changed if one.champion == one.reference}
    rose = sum(one.candidate == one.reference for one in report.changed)
    st.markdown(f"{_worse_words(proof.price)} {count(len(fell), 'case')} went from right to wrong, {rose:,} from wrong "
                "to right.")  # fmt: skip
    if proof.price:
        draw_plot(
            price_plot(proof.price), key="proof_price", name="price",
            words="Champion → candidate with the change and its 95 % interval; right is better, × is worse.",
            numbers=price_numbers(proof.price),
        )  # fmt: skip
    wrong = {case for case, _ in fell}
    shown = tuple(item for item in changed if item.case in wrong)[:SHOWN]
    if shown:
        st.caption("From right to wrong; each opens in the review.")
        draw_thumbnails(shown)


def _worse_words(price: tuple[PriceLine, ...]) -> str:
    worse = [line for line in price if line.worse]
    if not worse:
        return ":material/check_circle: **Nothing got worse** that can be told."
    listed = "; ".join(f"{plain(line.title)} {plain(change_words(line))}" for line in worse[:NAMED])
    more = f"; and {len(worse) - NAMED} more below" if len(worse) > NAMED else ""
    return f":material/cancel: **Worse:** {listed}{more}."


def _tables(proof: Proof) -> None:
    with st.expander("All figures as tables", key="proof_tables"):
        for place, artefact in enumerate(proof.artefacts):
            _frame(proof_numbers(artefact), f"Behaviour and attribution, {artefact.artefact}, {artefact.target}", place)
        if proof.price:
            _frame(price_numbers(proof.price), "What it cost", len(proof.artefacts))


def _frame(numbers: Numbers, alt: str, place: int) -> None:
    frame = pd.DataFrame(numbers.rows, columns=numbers.columns)
    st.dataframe(frame, hide_index=True, alt=alt, key=f"proof_table_{place}")
