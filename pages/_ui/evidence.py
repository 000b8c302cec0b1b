"""Evidence on demand: asked for without holding the page, drawn with its own quality."""

from __future__ import annotations

import streamlit as st

from core.contracts import CaseView, EvidenceView
from pages._ui import context
from pages._ui.background import desk
from pages._ui.format import number, percent, seconds
from pages._ui.guard import guarded
from pages._ui.labels import words
from pages._ui.reading import Reading
from pages._ui.services import get_services
from pages._ui.text import plain, shorten

MOST = 3
"""Fields whose share of the evidence is named."""
Key = tuple[str, str, str, str, str]


def evidence_key(case: CaseView, reading: Reading, version: str | None) -> Key | None:
    """Return what was asked for on this page, or None when nothing was or nothing is due."""
    if reading.method is None or version is None:
        return None
    target = reading.evidence_target or case.targets[0].name
    return case.workspace, case.name, target, reading.method, version


def ask_evidence(key: Key | None, reading: Reading) -> EvidenceView | None:
    """Return the explanation behind `key`, or None while it is being computed or when it failed."""
    if key is None:
        return None
    workspace, case, target, method, _ = key
    explain, who = get_services().review.explain, context.actor()
    found = None
    with guarded():
        found = desk().ask(key, lambda: explain(workspace, case, target, actor=who, method=method))
        if found is not None:
            reading.remember(f"evidence:{method}")
    return found


@st.fragment(run_every=0.5)
def _wait(key: Key) -> None:
    if desk().ready(key):
        st.rerun()
    st.caption("Measuring where a change would change the answer. You can go on meanwhile.")


def draw_quality(case: CaseView, key: Key | None, found: EvidenceView | None) -> None:
    """Draw what the evidence is, what it is not, and how far it can be trusted."""
    with st.container(key="evidence_panel", gap=None):
        if found is not None:
            _quality(case, found)
        elif key is not None and not desk().ready(key):
            _wait(key)
            st.empty()
        else:
            due = "Evidence appears here when you ask for it (e)."
            st.caption(due if case.read_done else "The model's answer and its evidence come after your own read.")
            st.empty()


def _quality(case: CaseView, found: EvidenceView) -> None:
    target = next(one for one in case.targets if one.name == found.target)
    what = ". ".join(plain(part.rstrip(". ")) for part in (found.what, found.what_not) if part)
    st.caption(f"**{plain(found.title)}** for “{plain(words(target, found.label))}”: {what}.")
    st.caption(plain(" · ".join([*_shares(case, found), *_facts(found)])), help=plain(" · ".join(_effort(found))))


def _shares(case: CaseView, found: EvidenceView) -> list[str]:
    """Return how much each field moved the answer, largest first; nothing for a single field."""
    if len(found.fields) < 2:
        return []
    titles = {field.name: field.title for field in case.fields}
    ordered = sorted(found.fields, key=lambda item: -item.share)
    parts = [f"{shorten(titles.get(item.field, item.field), 20)} {percent(item.share)}" for item in ordered[:MOST]]
    rest = sum(item.share for item in ordered[MOST:])
    return ["moved by " + ", ".join([*parts, *([f"others {percent(rest)}"] if ordered[MOST:] else [])])]


def _facts(found: EvidenceView) -> list[str]:
    facts = [f"version {found.version}"]
    if found.completeness_error is not None:
        reached = "within the aim" if found.reached else "above the aim, read with care"
        facts.insert(0, f"error reached {number(100 * found.completeness_error)} % ({reached})")
    return [*facts, "orange for, blue against"] if found.signed else facts


def _effort(found: EvidenceView) -> list[str]:
    steps = [f"{found.steps} steps"] if found.steps else []
    return [*steps, "kept from before" if found.cached else seconds(found.seconds)]
