"""What a person tries out on one case: edits with their history, in this session and partly in the address."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite
from uuid import uuid4

import streamlit as st

from core.contracts import Constraint, Edit, FieldRange, FieldView, WhatIfCase

_TRIAL = "trial"
_SET, _MISSING = "set.", "missing"
MOST_STEPS = 200


@dataclass(frozen=True, slots=True)
class Search:
    """A search for counterfactuals that was asked for."""

    target: str
    wanted: str | None
    constraints: tuple[Constraint, ...]


@dataclass(slots=True)
class Trial:
    """The edits of one opening of one case; `place` is where undo and redo stand in `steps`."""

    workspace: str
    case: str
    steps: list[tuple[Edit, ...]] = field(default_factory=lambda: [()])
    place: int = 0
    turn: int = 0
    """The controls are filled anew when it changes."""
    filled: int = -1
    nonce: str = field(default_factory=lambda: uuid4().hex)
    search: Search | None = None
    evidence: bool = False

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The edits in force."""
        return self.steps[self.place]

    @property
    def opening(self) -> str:
        """The name of this filling, for the painter: strokes of another one are ignored."""
        return f"{self.nonce}:{self.turn}"

    def enter(self) -> None:
        """Begin anew with what is there when the page is entered again: controls filled, answers asked again."""
        self.nonce, self.turn = uuid4().hex, self.turn + 1

    def edit(self, name: str) -> Edit | None:
        """Return the edit of one field."""
        return next((one for one in self.edits if one.field == name), None)

    def put(self, edit: Edit) -> None:
        """Change one field; it keeps its place among the edits."""
        if self.edit(edit.field) is None:
            self._step((*self.edits, edit))
        else:
            self._step(tuple(edit if one.field == edit.field else one for one in self.edits))

    def drop(self, name: str) -> None:
        """Leave one field as it is."""
        self._step(tuple(one for one in self.edits if one.field != name))

    def use(self, edits: tuple[Edit, ...]) -> None:
        """Take other edits; the controls follow."""
        self._step(edits)
        self.turn += 1

    def move(self, by: int) -> None:
        """Undo (-1) or redo (1) a step; the controls follow."""
        self.place = min(len(self.steps) - 1, max(0, self.place + by))
        self.turn += 1

    def _step(self, edits: tuple[Edit, ...]) -> None:
        if edits != self.edits:
            self.steps = [*self.steps[: self.place + 1], edits][-MOST_STEPS:]
            self.place = len(self.steps) - 1


def current() -> Trial | None:
    """Return what is tried out in this session, if anything is."""
    return st.session_state.get(_TRIAL)


def begin(case: WhatIfCase) -> Trial:
    """Return the trial of `case`; a new one starts with the edits of the address."""
    trial = current()
    if trial is None or (trial.workspace, trial.case) != (case.workspace, case.case):
        trial = Trial(case.workspace, case.case)
        asked = tuple(_asked(case))
        if asked:
            trial.use(asked)
        st.session_state[_TRIAL] = trial
    return trial


def _asked(case: WhatIfCase) -> Iterator[Edit]:
    """Yield the edits that the address names and the case allows."""
    ranges = {one.field: one for one in case.ranges}
    missing = st.query_params.get_all(_MISSING)
    for one in case.fields:
        span, text = ranges.get(one.name), st.query_params.get(_SET + one.name)
        if span is None:
            continue
        if one.name in missing and span.can_be_missing:
            yield Edit(one.name, missing=True)
        elif text is not None:
            yield from _set(one, span, text)


def _set(one: FieldView, span: FieldRange, text: str) -> Iterator[Edit]:
    if one.kind == "categorical" and text in [value for value, _ in span.categories]:
        yield Edit(one.name, text=text)
    if one.kind == "numeric":
        try:
            value = float(text)
        except ValueError:
            return
        if isfinite(value):
            yield Edit(one.name, number=value)


def keep_in_address(trial: Trial, case: WhatIfCase) -> None:
    """Put the edits of numbers and categories into the address; never texts or pictures."""
    kinds = {one.name: one.kind for one in case.fields}
    shown = [one for one in trial.edits if kinds.get(one.field) in ("numeric", "categorical")]
    wanted: dict[str, str | list[str]] = {"workspace": case.workspace, "case": case.case}
    for one in shown:
        if one.number is not None:
            wanted[_SET + one.field] = f"{one.number:.12g}"
        elif one.text is not None:
            wanted[_SET + one.field] = one.text
    missing = [one.field for one in shown if one.missing]
    if missing:
        wanted[_MISSING] = missing
    if _address() != wanted:
        st.query_params.from_dict(wanted)


def _address() -> dict[str, str | list[str]]:
    found = {name: st.query_params.get_all(name) for name in st.query_params}
    return {name: values if name == _MISSING else values[-1] for name, values in found.items()}
