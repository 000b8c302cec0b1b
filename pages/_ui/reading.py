"""What this session knows about the case on the screen: names, counters, choices and marks, never a case's inputs."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from uuid import uuid4

import streamlit as st

from core.contracts import CaseView, EvidenceForm, Fill, MarkForm, TargetView
from pages._ui import context
from pages._ui.services import get_services

CONFIDENCES = ("guess", "likely", "certain")
FIRST_ARTEFACT = "artefact 1"
"""What an ignored region is called until somebody names it: only named regions are judged by the gate."""
PART = "evidence_part"
"""Element key of what is looked at of the evidence."""
FIRST_PART = "Map"
_READING = "reading"
_ARTEFACT = "last_artefact"


@dataclass(frozen=True, slots=True)
class Removal:
    """A region to predict again without: what was marked, or the hottest part of the evidence when nothing is named."""

    marks: tuple[MarkForm, ...] = ()
    fill: Fill = "blur"


@dataclass(slots=True)
class Reading:
    """One opening of one case in this session."""

    workspace: str
    case: str
    nonce: str = field(default_factory=lambda: uuid4().hex)
    opened: float = field(default_factory=monotonic)
    turn: int = 0
    """Which of two places its boxes stand in: it changes with the case and with its step."""
    step: str = ""
    stage: str = ""
    """What the widgets were last filled for; they are filled again when it changes."""
    question: EvidenceForm | None = None
    """The explanation on the screen."""
    removal: Removal | None = None
    """The region that was taken away last."""
    part: str = FIRST_PART
    """What is looked at of the evidence."""
    part_turn: int = 0
    stopped: frozenset[Hashable] = frozenset()
    """Questions that the person took back."""
    shown: tuple[str, ...] = ()
    """What had been shown besides the case."""
    saved: str | None = None
    """Digest of the verdict that was saved last, so that a second press saves nothing."""
    undone: int = 0
    notes: tuple[str, ...] = ()

    def remember(self, what: str) -> None:
        """Keep that `what` was shown."""
        if what not in self.shown:
            self.shown = (*self.shown, what)


def widget_key(prefix: str, targets: tuple[TargetView, ...], name: str) -> str:
    """Return the element key of a target's widget: the first target owns the plain key."""
    return prefix if targets[0].name == name else f"{prefix}_{name}"


def current() -> Reading | None:
    """Return what is on the screen, if anything is."""
    return st.session_state.get(_READING)


def revision(case: CaseView) -> datetime | None:
    """Return when the standing verdict was given, or None."""
    return max((verdict.created for verdict in case.verdicts), default=None)


def opening(reading: Reading, case: CaseView) -> str:
    """Return the name of this opening for the painter: strokes of another one are ignored."""
    return f"{reading.nonce}:{case.read_done}:{revision(case)}"


def begin(case: CaseView) -> Reading:
    """Return the reading of `case`; fill the widgets when the case or its step changed."""
    reading = current()
    if reading is None or (reading.workspace, reading.case) != (case.workspace, case.name):
        reading = Reading(case.workspace, case.name, turn=reading.turn if reading else 0)
        st.session_state[_READING] = reading
        st.session_state[PART] = FIRST_PART
        get_services().review.prefetch(case.workspace, actor=context.actor(), after=case.name)
    step, stage = f"{reading.nonce}:{case.read_done}", opening(reading, case)
    if reading.step != step:
        reading.step, reading.turn = step, 1 - reading.turn
    if reading.stage != stage:
        reading.stage = stage
        _fill(case)
    return reading


def _fill(case: CaseView) -> None:
    if not case.read_done:
        _fill_blind(case)
        return
    reads = {read.target: read for read in case.reads}
    verdicts = {verdict.target: verdict for verdict in case.verdicts}
    for target in case.targets:
        stands = verdicts.get(target.name) or reads.get(target.name)
        st.session_state[widget_key("verdict_label", case.targets, target.name)] = stands.label if stands else None
    first = case.targets[0].name
    known = verdicts.get(first) or reads.get(first)
    st.session_state.verdict_confidence = known.confidence if known else "likely"
    st.session_state.verdict_comment = verdicts[first].comment if first in verdicts else ""
    st.session_state.mask_artefact = _artefact(case)


def _fill_blind(case: CaseView) -> None:
    for target in case.targets:
        st.session_state[widget_key("blind_label", case.targets, target.name)] = None
    st.session_state.blind_confidence = "likely"


def _artefact(case: CaseView) -> str:
    saved = [m.artefact for v in case.verdicts for m in v.marks if m.artefact]
    kept = st.session_state.get(_ARTEFACT, {}).get(case.workspace)
    known = [artefact.name for artefact in case.artefacts]
    return next((name for name in (*saved, kept, *known) if name), FIRST_ARTEFACT)


def keep_artefact(workspace: str, name: str | None) -> None:
    """Remember the artefact that was named last, as the next case's default."""
    if name:
        st.session_state[_ARTEFACT] = st.session_state.get(_ARTEFACT, {}) | {workspace: name}
