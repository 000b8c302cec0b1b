"""The inputs of a case as controls: numbers, categories, texts, pictures to paint over."""

from __future__ import annotations

from math import floor, log10

import streamlit as st

from core.contracts import Edit, FieldRange, FieldView, Fill, MarkView, WhatIfCase
from pages._ui.fields import place_words, shown_value
from pages._ui.format import value_words
from pages._ui.guard import acting
from pages._ui.painter import draw_painter, painted
from pages._ui.text import plain, shorten
from pages._ui.whatif_trial import Trial, current

FILLS: dict[Fill, str] = {"blur": "blur", "noise": "noise", "neighbour": "neighbouring patch", "mean": "average"}
MANY, HEIGHT = 8, 520
"""Above this many table fields they scroll in a box of this many pixels."""
LONGEST = 100_000


def draw_controls(case: WhatIfCase, trial: Trial) -> None:
    """Draw a control for every field that can be changed; each change is a step of `trial`."""
    ranges = {one.field: one for one in case.ranges}
    fresh = trial.filled != trial.turn
    trial.filled = trial.turn
    table = [one for one in case.fields if one.kind in ("numeric", "categorical")]
    for one in case.fields:
        if one.kind == "image":
            _picture(one, ranges.get(one.name), trial, fresh)
    if table:
        with st.container(height=HEIGHT if len(table) > MANY else "content", border=len(table) > MANY, gap="small"):
            for one in table:
                _row(one, ranges.get(one.name), trial, fresh)
    for one in case.fields:
        if one.kind == "text":
            _text(one, ranges.get(one.name), trial, fresh)


def _hold(key: str, value: object, *, fresh: bool) -> None:
    """Fill a widget when its field was changed elsewhere, or when it was not on the page before."""
    if fresh or key not in st.session_state:
        st.session_state[key] = value


def _row(one: FieldView, span: FieldRange | None, trial: Trial, fresh: bool) -> None:
    if span is None:
        st.text(f"{one.title}: {shown_value(one) or 'missing'} (fixed)")
        return
    with st.container(gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
            st.text(_label(one), width="stretch")
            gone = _missing(one, span, trial, fresh)
        draw = _number if one.kind == "numeric" else _category
        draw(one, span, trial, fresh, gone)
        st.caption(plain(_place(one, span)))


def _label(one: FieldView) -> str:
    return f"{one.title} ({one.unit})" if one.unit else one.title


def _missing(one: FieldView, span: FieldRange, trial: Trial, fresh: bool) -> bool:
    edit, key = trial.edit(one.name), f"missing_{one.name}"
    gone = edit.missing if edit else one.missing
    if not (span.can_be_missing or one.missing):
        return False
    _hold(key, gone, fresh=fresh)
    st.toggle("missing", key=key, on_change=_toggled, args=(one, span), wrap=False)
    return bool(st.session_state[key])


def _toggled(one: FieldView, span: FieldRange) -> None:
    with acting():
        trial = current()
        if trial is None:
            return
        if st.session_state[f"missing_{one.name}"]:
            _put(trial, one, Edit(one.name, missing=True))
        else:
            _taken(one, span)


def _number(one: FieldView, span: FieldRange, trial: Trial, fresh: bool, gone: bool) -> None:
    value = _value(one, span, trial)
    low, high = _bounds(span, one.number, value)
    step = _step(span)
    ways = (("field", st.number_input), ("slide", st.slider))
    slides = low is not None and not gone
    places = st.columns([1.1, 1.6], gap="small", vertical_alignment="bottom") if slides else (st.container(),)
    for (prefix, widget), place in zip(ways, places, strict=False):
        key = f"{prefix}_{one.name}"
        _hold(key, value, fresh=fresh)
        with place:
            widget(
                plain(_label(one)), min_value=low, max_value=high, step=step, format=_format(step), key=key,
                disabled=gone, on_change=_moved, args=(one, span, key), label_visibility="collapsed",
            )  # fmt: skip


def _value(one: FieldView, span: FieldRange, trial: Trial) -> float:
    edit = trial.edit(one.name)
    if edit is not None and edit.number is not None:
        return edit.number
    if one.number is not None:
        return one.number
    low, high, step = span.low or 0.0, span.high or span.low or 0.0, _step(span)
    return round((low + high) / 2 / step) * step


def _bounds(span: FieldRange, *values: float | None) -> tuple[float | None, float | None]:
    """Return a range that holds the value as it is and as it was edited; no range without both ends."""
    if span.low is None or span.high is None or span.low >= span.high:
        return None, None
    held = [value for value in values if value is not None]
    return min(span.low, *held), max(span.high, *held)


def _step(span: FieldRange) -> float:
    if span.step:
        return span.step
    if span.low is None or span.high is None or span.low >= span.high:
        return 1.0
    return float(10.0 ** floor(log10((span.high - span.low) / 50)))


def _format(step: float) -> str:
    """Return how numbers with this step are written: with the decimals that the step has."""
    return f"%.{len(f'{step:.6f}'.rstrip('0').partition('.')[2])}f"


def _moved(one: FieldView, span: FieldRange, key: str) -> None:
    with acting():
        for other in (f"field_{one.name}", f"slide_{one.name}"):
            if other != key and other in st.session_state:
                st.session_state[other] = st.session_state[key]
        _taken(one, span)


def _taken(one: FieldView, span: FieldRange) -> None:
    """Take the value that the field's control has now."""
    trial = current()
    value = st.session_state.get(f"field_{one.name}")
    if trial is None or value is None:
        return
    if one.kind == "numeric":
        _put(trial, one, Edit(one.name, number=float(value)))
    elif value in [name for name, _ in span.categories]:
        _put(trial, one, Edit(one.name, text=value))


def _put(trial: Trial, one: FieldView, edit: Edit) -> None:
    """Keep an edit; what is as it was is no edit."""
    if (edit.number, edit.text, edit.missing) == (one.number, one.text, one.missing) and edit.mask is None:
        trial.drop(one.name)
    else:
        trial.put(edit)


def _category(one: FieldView, span: FieldRange, trial: Trial, fresh: bool, gone: bool) -> None:
    edit, words = trial.edit(one.name), dict(span.categories)
    value = edit.text if edit is not None and edit.text is not None else one.text
    names = list(words) if value is None or value in words else [value, *words]
    _hold(f"field_{one.name}", value if value is not None else next(iter(words), None), fresh=fresh)
    st.selectbox(
        plain(one.title), names, key=f"field_{one.name}", format_func=lambda name: words.get(name) or name,
        on_change=_chosen, args=(one, span), disabled=gone, label_visibility="collapsed",
    )  # fmt: skip


def _chosen(one: FieldView, span: FieldRange) -> None:
    with acting():
        _taken(one, span)


def _place(one: FieldView, span: FieldRange) -> str:
    """Return the value as it is, where it lies among the training cases, and what the field may be set to."""
    value = shown_value(one)
    parts = [f"here {shorten(value, 60)}" if value is not None else "missing here", place_words(one)[0]]
    if one.kind == "numeric" and span.low is not None and span.high is not None:
        parts.append(f"range {value_words(span.low)} to {value_words(span.high)}")
    return " · ".join(part for part in parts if part)


def _text(one: FieldView, span: FieldRange | None, trial: Trial, fresh: bool) -> None:
    edit, key = trial.edit(one.name), f"field_{one.name}"
    shown = "" if edit is not None and edit.missing else edit.text if edit is not None else one.text
    _hold(key, shown or "", fresh=fresh)
    st.text_area(
        plain(one.title), key=key, height=220, max_chars=LONGEST, disabled=span is None, on_change=_written,
        args=(one, span), help="change, add or leave out words; Ctrl+Enter or a click outside asks the model",
    )  # fmt: skip


def _written(one: FieldView, span: FieldRange | None) -> None:
    with acting():
        trial, text = current(), st.session_state[f"field_{one.name}"]
        if trial is None:
            return
        if not text.strip() and span is not None and span.can_be_missing:
            _put(trial, one, Edit(one.name, missing=True))
        else:
            _put(trial, one, Edit(one.name, text=text))


def _picture(one: FieldView, span: FieldRange | None, trial: Trial, fresh: bool) -> None:
    if one.image is None:
        st.caption(f"**{plain(one.title)}**: this case has none.")
        return
    gone = _missing(one, span, trial, fresh) if span is not None else False
    edit = trial.edit(one.name)
    mask = edit.mask if edit is not None else None
    draw_painter(
        one, opening=trial.opening, paint=span is not None and not gone, below="11rem", only="paint over",
        marks=(MarkView(one.name, "ignore", None, mask),) if mask else (),
        description=f"{one.title}, to paint over",
    )  # fmt: skip
    key = f"fill_{one.name}"
    _hold(key, edit.fill if edit is not None else st.session_state.get(key, "blur"), fresh=fresh)
    st.segmented_control(
        "Painted over with", list(FILLS), key=key, format_func=FILLS.__getitem__, required=True, disabled=gone
    )  # fmt: skip
    if not gone:
        _painted(one, trial, st.session_state[key])


def _painted(one: FieldView, trial: Trial, fill: Fill) -> None:
    """Take what was painted since the controls were filled, and what it is filled with."""
    found = painted(one.name, trial.opening, None)
    edit = trial.edit(one.name)
    mask = edit.mask if edit is not None else None
    if found is not None:
        mask = next((mark.mask for mark in found if mark.kind == "ignore"), None)
    if mask is None:
        trial.drop(one.name)
    else:
        trial.put(Edit(one.name, mask=mask, fill=fill))
