"""Strategies as a run tried them: one row each with score and interval, and what it came to."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from core.contracts import RunOutcome, Suspect, Trial, TrialVerdict
from pages._ui import context
from pages._ui.format import interval, number, seconds
from pages._ui.sidebar import page
from pages._ui.text import count, plain, shorten

VERDICTS: Mapping[TrialVerdict, str] = {
    "delivered": ":material/check_circle:\u00a0**delivered**",
    "tried": ":material/circle:\u00a0tried",
    "skipped": ":material/remove:\u00a0skipped",
    "stopped": ":material/cancel:\u00a0stopped",
}
SUSPECTS = 12


def draw_outcome(outcome: RunOutcome) -> None:
    """Draw what a run came to: its result in words, the strategies it tried, labels that it doubts."""
    if outcome.delivered == "parent":
        st.info(f"**No effect.** {plain(outcome.words)}", icon=":material/block:")
    else:
        st.write(plain(outcome.words))
    parent = outcome.parent
    draw_trials(outcome.trials, parent)
    _suspects(outcome.suspects)


def draw_trials(trials: tuple[Trial, ...], parent: Trial | None = None) -> None:
    """Draw the trials as a table, the best first; `parent` is the champion, scored in the same way."""
    if not trials:
        return
    skipped = tuple(one for one in trials if one.verdict == "skipped")
    tried = [one for one in trials if one.verdict != "skipped"]
    ranked = sorted(tried, key=lambda one: (one.verdict != "delivered", -(one.score if one.score is not None else -1)))
    rows = [_row(one) for one in ranked]
    if parent is not None:
        flag = ":material/flag:\u00a0champion"
        rows.append([f"**{plain(shorten(parent.title))}**", _score(parent), flag, plain(parent.reason)])
    with st.container(key="trials_table", gap="xsmall"):
        st.table(
            pd.DataFrame(rows, columns=["strategy", "score", "result", "why"]), hide_index=True, border="horizontal",
            alt="Strategies that were tried, with their scores",
        )  # fmt: skip
        _skipped(skipped)
        n = max((one.n for one in trials), default=0)
        st.caption(
            "Score: typical probability of the right answer on validation cases whose marked content was swapped, 95 % "
            f"interval in brackets, n {n:,}; higher is better. The gate measures the delivered one on the ledger."
        )


def _skipped(trials: tuple[Trial, ...]) -> None:
    if trials:
        verb = "was" if len(trials) == 1 else "were"
        with st.expander(f"{count(len(trials), 'strategy', 'strategies')} {verb} skipped"):
            for one in trials:
                st.markdown(f"{VERDICTS[one.verdict]} · **{plain(shorten(one.title))}** · {plain(one.reason)}")


def list_trials(trials: tuple[Trial, ...]) -> None:
    """Draw the trials so far as short lines, in the order they were made; what was skipped is told at the end."""
    for one in trials:
        if one.verdict == "skipped":
            continue
        st.markdown(f"{VERDICTS[one.verdict]} · {plain(shorten(one.title))} {_score(one)}")


def _row(trial: Trial) -> list[str]:
    took = f" ({seconds(trial.seconds)})" if trial.seconds > 0 else ""
    return [f"**{plain(shorten(trial.title))}**{took}", _score(trial), VERDICTS[trial.verdict], plain(trial.reason)]


def _score(trial: Trial) -> str:
    words = f"{number(trial.score, 3)} {interval(trial.low, trial.high, 3)}".strip()
    return plain(words.replace(" ", "\u00a0"))


def _suspects(suspects: tuple[Suspect, ...]) -> None:
    if not suspects:
        return
    with st.expander(f"{count(len(suspects), 'label')} on record may be wrong"):
        st.caption("Found by asking models that had not seen them. They are in the worklist; your verdict decides.")
        with st.container(horizontal=True, gap="small"):
            for one in suspects[:SUSPECTS]:
                st.page_link(
                    page("review"), label=plain(shorten(one.case, 24)), query_params=context.link(case=one.case),
                    width="content",
                )  # fmt: skip
        if len(suspects) > SUSPECTS:
            st.caption(f"and {len(suspects) - SUSPECTS:,} more")
