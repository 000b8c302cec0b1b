"""Are we better together: person, model and both on the same cases."""

from __future__ import annotations

import streamlit as st

from core.contracts import Estimate, TeamRow, TeamView
from pages._ui.download import Numbers
from pages._ui.format import estimate, interval, signed
from pages._ui.plots import Dot, dot_plot, draw_plot
from pages._ui.text import count, plain

TITLES = {"person": "Person alone", "model": "Model alone", "team": "Together"}


def draw_gain(view: TeamView) -> None:
    """Draw person, model and both together for all reads, what they gain in words, and what does not count."""
    st.header("Are we better together?", anchor=False)
    if not view.rows:
        st.info(plain(view.note))
        _excluded(view)
        return
    row = view.rows[0]
    figures = {name: value for name in TITLES if isinstance(value := getattr(row, name), Estimate)}
    dots = [Dot(TITLES[name], one.value, one.low, one.high, estimate(one)) for name, one in figures.items()]
    st.markdown(gain_words(row))
    draw_plot(
        dot_plot(dots, title="share right"), key="team_plot", name="team",
        words=" ".join(f"{TITLES[name]} {estimate(one)}." for name, one in figures.items()),
        numbers=Numbers(
            ("who", "value", "low", "high", "n"),
            tuple((TITLES[name], one.value, one.low, one.high, one.n) for name, one in figures.items()),
        ),
    )  # fmt: skip
    st.caption(same_cases(view))
    _excluded(view)


def gain_words(row: TeamRow) -> str:
    """Return whether both together beat the better of the two, with the gain and its interval."""
    gain = row.gain
    if gain is None:
        return "Nothing to compare yet."
    if gain.low > 0:
        said = "**Together is better than either alone**"
    elif gain.high < 0:
        said = "**Together is worse than the better of the two alone**"
    else:
        said = "**Together may be better or worse than the better of the two alone**: the reads can't tell yet"
    small = " These are few cases: take it as a first look." if row.small else ""
    return f"{said}. Gain {signed(gain.value)} {interval(gain.low, gain.high)} · n {gain.n:,}.{small}"


def same_cases(view: TeamView) -> str:
    """Return what the figures are of, and whom their intervals speak of."""
    row, readers = view.rows[0], sum(1 for one in view.rows if one.cut.startswith("reader "))
    whom = (
        "intervals are for this one reader on other cases, and say nothing of other readers"
        if readers == 1
        else f"95 % intervals are for other readers on other cases ({count(readers, 'reader')} so far)"
    )
    return (
        f"{count(row.reads, 'read')} of {count(row.cases, 'case')}: the answer before the model's was shown, the "
        f"model's, and the verdict after it. A read or verdict that could not decide is not right. {whom[0].upper()}"
        f"{whom[1:]}."
    )


def _excluded(view: TeamView) -> None:
    alone = view.person_alone
    if not view.excluded:
        return
    with st.expander("What does not count here", key="team_excluded"):
        st.markdown("\n".join(f"- {plain(words)}" for words in view.excluded))
        if alone is not None:
            st.caption(f"People alone over all their reads before the reveal: {estimate(alone)}.")
