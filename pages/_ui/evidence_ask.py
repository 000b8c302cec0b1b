"""What is on the screen, and asking more about it without holding the page."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from time import monotonic
from typing import TypeVar

import streamlit as st

from core.contracts import CaseView, EvidenceForm, EvidenceView, MethodView, Prediction, TargetView
from pages._ui import context
from pages._ui.background import PATIENCE, Desk
from pages._ui.reading import Reading, Removal
from pages._ui.text import plain, spaced

Answer = TypeVar("Answer")
Key = tuple[Hashable, ...]
AGAIN = 10.0
"""Seconds until a question that failed is asked again: several parts of a page ask the same."""
MOST_FAILED = 30


class SideDesk(Desk):
    """A desk for all that is asked beside the map itself, so that it never waits behind them."""

    def __init__(self, threads: int) -> None:
        super().__init__(threads)
        self._failed: dict[Hashable, tuple[float, Exception]] = {}

    def ask(self, key: Hashable, question: Callable[[], Answer], patience: float = PATIENCE) -> Answer | None:
        """Return the answer, or None while it is not there; what failed fails again for some seconds, unasked."""
        moment, error = self._failed.get(key, (-AGAIN, None))
        if error is not None and monotonic() - moment < AGAIN:
            raise error
        try:
            return super().ask(key, question, patience)
        except Exception as failure:
            self._failed = {key: (monotonic(), failure)} | dict(list(self._failed.items())[:MOST_FAILED])
            raise

    def answered(self, key: Hashable) -> bool:
        """Return whether there is an answer other than None under `key`."""
        with self._lock:
            future = self._asked.get(key)
        return future is not None and future.done() and not future.exception() and future.result() is not None


@st.cache_resource(show_spinner=False)
def side_desk() -> SideDesk:
    """Return the side desk of this process."""
    return SideDesk(threads=3)


@dataclass(frozen=True, slots=True)
class Shown:
    """A question for evidence that is on the screen; `found` once it is answered."""

    case: CaseView
    reading: Reading
    form: EvidenceForm
    key: Key
    methods: tuple[MethodView, ...]
    prediction: Prediction
    found: EvidenceView | None
    removal: Removal | None = field(init=False)

    def __post_init__(self) -> None:
        """Keep what was removed when this was drawn, so that a change can be seen."""
        object.__setattr__(self, "removal", self.reading.removal)

    @property
    def target(self) -> TargetView:
        """The question that the evidence is about."""
        return next(one for one in self.case.targets if one.name == self.form.target)

    @property
    def own_label(self) -> str:
        """The model's answer."""
        return self.prediction.target(self.form.target).label

    @property
    def label(self) -> str:
        """The label that is explained."""
        return self.form.label or self.own_label

    @property
    def method(self) -> MethodView | None:
        """The method that was asked for."""
        return next((one for one in self.methods if one.name == self.form.method), None)

    @property
    def method_title(self) -> str:
        """The name of the method for people."""
        return self.method.title if self.method else spaced(self.form.method or "")


def question_key(form: EvidenceForm, version: str) -> Key:
    """Return what tells one question for evidence from all others; who may know what differs between persons."""
    options = tuple(sorted(form.options.items()))
    return (
        context.actor().id, form.workspace, form.case, form.target, form.method, form.label, form.against,
        form.baseline, form.reference, options, version,
    )  # fmt: skip


def ask_part(
    shown: Shown, name: str, question: Callable[[], Answer], said: str, *extra: Hashable, key: Key | None = None
) -> Answer | None:
    """Return the answer, or None while it is waited for or after the person took the question back.

    Raises what the question raised; then it may be asked again.
    """
    whole = (name, *(shown.key if key is None else key), *extra)
    reading = shown.reading
    if whole in reading.stopped:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption("Stopped.", width="content")
            st.button("Ask again", key=f"{name}_again", on_click=_go_on, args=(reading, whole))
        return None
    found = side_desk().ask(whole, question)
    if found is None:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(width="content"):
                wait_aside(whole, said)
            st.button("Stop", key=f"{name}_stop", on_click=_stop, args=(reading, whole))
    return found


@st.fragment(run_every=0.5)
def wait_aside(key: Key, said: str) -> None:
    """Draw what is waited for; draw the page anew once it is there."""
    if side_desk().ready(key):
        st.rerun()
    st.caption(plain(said))


def known_part(key: Key, question: Callable[[], Answer]) -> Answer | None:
    """Return the answer to a quick question, or None while it is not there."""
    return side_desk().ask(key, question, PATIENCE)


def _stop(reading: Reading, key: Key) -> None:
    side_desk().drop(key)
    reading.stopped |= {key}


def _go_on(reading: Reading, key: Key) -> None:
    reading.stopped -= {key}
