"""Evidence on demand: asked for without holding the page, drawn with its own quality."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.contracts import CaseView, EvidenceForm, EvidenceView, MethodView, RevealView
from pages._ui import context
from pages._ui.background import desk
from pages._ui.evidence_ask import Key, Shown, question_key, side_desk
from pages._ui.evidence_remove import draw_removal_line
from pages._ui.format import number, percent, seconds
from pages._ui.guard import explain_failure
from pages._ui.labels import words
from pages._ui.reading import Reading
from pages._ui.services import get_services
from pages._ui.text import plain, shorten

MOST = 3
"""Fields whose share of the evidence is named."""
QUICK_PATIENCE = 0.2
"""Seconds that a page waits for the quick map."""


@dataclass(frozen=True, slots=True)
class Model:
    """What may be known of the model once the read is committed."""

    reveal: RevealView
    methods: tuple[MethodView, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, and what is known of it by now."""

    shown: Shown | None = None
    exact: EvidenceView | None = None
    quick: EvidenceView | None = None
    failure: str = ""
    silent: bool = False
    """Whether nothing can be asked."""

    @property
    def view(self) -> EvidenceView | None:
        """The map to draw: the exact one, or the quick one until then."""
        return self.exact or self.quick


def ask_evidence(case: CaseView, reading: Reading, model: Model | None) -> Asked:
    """Return the explanation that is on the screen as far as it is known by now."""
    form = reading.question
    if form is None or model is None:
        return Asked(silent=model is None)
    prediction = model.reveal.prediction
    told = prediction.version + (" debriefed" if model.reveal.debrief else "")  # the answer that was shown has changed
    key, who, ask = question_key(form, told), context.actor(), get_services().evidence
    exact, quick, failure = None, None, ""
    try:
        exact = desk().ask(key, lambda: ask.explain(form, actor=who))
        quick = None if exact is not None else _quick(key, form)
    except Exception as error:  # noqa: BLE001 -- explained and logged
        failure = explain_failure(error)
    for view in (exact, quick):
        if view is not None:
            reading.remember(f"evidence:{view.method}")
    return Asked(Shown(case, reading, form, key, model.methods, prediction, exact), exact, quick, failure)


def _quick(key: Key, form: EvidenceForm) -> EvidenceView | None:
    coarse, who = get_services().evidence.coarse, context.actor()
    try:
        return side_desk().ask(("quick", *key), lambda: coarse(form, actor=who), QUICK_PATIENCE)
    except Exception as error:  # noqa: BLE001 -- the exact map says what is wrong
        explain_failure(error)
        return None


@st.fragment(run_every=0.5)
def _wait(key: Key, quick: EvidenceView | None, title: str) -> None:
    """Draw what is waited for; draw the page anew when the map, or the quick one before it, is there."""
    if desk().ready(key) or (quick is None and side_desk().answered(("quick", *key))):
        st.rerun()
    if quick is None:
        st.caption("Measuring where a change would change the answer. You can go on meanwhile.")
    else:
        st.caption(f"Quick map: **{plain(quick.title)}**, until {plain(title)} is there. You can go on meanwhile.")


def _due(case: CaseView, asked: Asked) -> str:
    """Return when evidence comes."""
    if not case.read_done:
        return "The model's answer and its evidence come after your own read."
    return (
        "There is no evidence where the model is silent."
        if asked.silent
        else "Evidence appears here when you ask for it (e)."
    )


def draw_quality(case: CaseView, asked: Asked) -> None:
    """Draw what the evidence is, what it is not, and how far it can be trusted."""
    with st.container(key="evidence_panel", gap=None):
        if asked.failure:
            st.error(asked.failure, icon=":material/error:")
            st.empty()
        elif asked.shown is None:
            st.caption(_due(case, asked))
            st.empty()
        elif asked.exact is not None:
            _quality(case, asked.exact, asked.shown.method)
        else:
            _wait(asked.shown.key, asked.quick, asked.shown.method_title)
            st.empty()
        draw_removal_line(asked.shown)


def _quality(case: CaseView, found: EvidenceView, method: MethodView | None) -> None:
    target = next(one for one in case.targets if one.name == found.target)
    what = ". ".join(plain(part.rstrip(". ")) for part in (found.what, found.what_not) if part)
    rather = f" rather than “{plain(words(target, found.against))}”" if found.against else ""
    st.caption(f"**{plain(found.title)}** for “{plain(words(target, found.label))}”{rather}: {what}.")
    facts = [*_shares(case, found), *_facts(found, method)]
    st.caption(plain(" · ".join(facts)), help=plain(" · ".join(_effort(found))))


def _shares(case: CaseView, found: EvidenceView) -> list[str]:
    """Return how much each field moved the answer, largest first; nothing for a single field."""
    if len(found.fields) < 2:
        return []
    titles = {field.name: field.title for field in case.fields}
    ordered = sorted(found.fields, key=lambda item: -item.share)
    parts = [f"{shorten(titles.get(item.field, item.field), 20)} {percent(item.share)}" for item in ordered[:MOST]]
    rest = sum(item.share for item in ordered[MOST:])
    return ["moved by " + ", ".join([*parts, *([f"others {percent(rest)}"] if ordered[MOST:] else [])])]


def _facts(found: EvidenceView, method: MethodView | None) -> list[str]:
    facts = [f"version {found.version}"]
    if found.completeness_error is not None:
        reached = "within the aim" if found.reached else "above the aim, read with care"
        facts.insert(0, f"error reached {number(100 * found.completeness_error)} % ({reached})")
    if method is not None and method.support == "not supported":
        facts.insert(0, "not supported by evidence here")
    return [*facts, "orange for, blue against"] if found.signed else facts


def _effort(found: EvidenceView) -> list[str]:
    steps = [f"{found.steps} steps"] if found.steps else []
    return [*steps, "kept from before" if found.cached else seconds(found.seconds)]
