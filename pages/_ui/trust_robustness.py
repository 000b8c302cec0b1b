"""How easily the version is thrown off: attacks, worse pictures, the smallest change that flips."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from core.contracts import AttackLine, RobustnessReport, RobustnessView
from pages._ui import context
from pages._ui.download import Numbers
from pages._ui.format import estimate, interval, number, percent, seconds, when
from pages._ui.guard import acting, guarded
from pages._ui.plots import draw_plot
from pages._ui.progress import draw_progress
from pages._ui.robustness_plots import corruption_plot, flips_plot
from pages._ui.services import get_services
from pages._ui.text import count, plain

FEWEST, USUAL, MOST = 5, 100, 1000
SOUND, BROKEN = ":material/check: sound", ":material/close:\u00a0**broken**"


def draw_robustness(workspace: str, version: str | None, target: str) -> None:
    """Draw the robustness of a version: how a report is started, the one under way, and the last one."""
    with st.container(key="robustness"):
        st.header("When pictures are tampered with or get worse", anchor=False)
        view = get_services().robustness.view(workspace, version=version, target=target)
        if view.note:
            st.caption(plain(view.note))
            return
        if view.status in ("queued", "running"):
            _live(workspace, view)
        else:
            _ended(view)
            _start(workspace, view)
        if view.report is not None:
            with guarded():
                _draw(view.report)


def _ended(view: RobustnessView) -> None:
    if view.status == "failed":
        st.error(f"The last report failed: {plain(view.error or 'unknown reason.')}", icon=":material/error:")
    if view.status == "cancelled":
        st.caption("The last report was cancelled. What is below was measured before.")


@st.fragment
def _start(workspace: str, view: RobustnessView) -> None:
    last = view.report
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        cases = st.number_input("Cases to attack", FEWEST, MOST, USUAL, key="robustness_cases", width=150)
        pressed = st.button("Measure again" if last else "Attack and corrupt", key="robustness_start")
    told = f"the last one took {seconds(last.seconds)}" if last else "up to ten minutes"
    st.caption(f"{count(int(cases), 'case')} that the model never trained on, {told}; you can go on meanwhile.")
    if pressed:
        with acting():
            get_services().robustness.start(
                workspace, actor=context.actor(), version=view.version, target=view.target, cases=int(cases)
            )
        st.rerun()


def _cancel(workspace: str) -> None:
    with acting():
        get_services().robustness.cancel(workspace, actor=context.actor())


@st.fragment(run_every=1)
def _live(workspace: str, view: RobustnessView) -> None:
    with guarded(), st.container(key="robustness_progress"):
        now = get_services().robustness.view(workspace, version=view.version, target=view.target)
        if now.status not in ("queued", "running") or now.progress is None:
            st.rerun()
        draw_progress(now.progress)
        st.button("Cancel", key="robustness_cancel", on_click=_cancel, args=(workspace,))


def _draw(report: RobustnessReport) -> None:
    st.caption(
        f"Measured {when(report.created)} on {count(report.cases, 'case')} in {seconds(report.seconds)}; right as they "
        f"are: {plain(estimate(report.clean))}. 95 % intervals in brackets."
    )
    _attacks(report)
    left, right = st.columns(2, gap="large")
    with left, guarded():
        _corruptions(report)
    with right, guarded():
        _flips(report)
    for note in report.notes:
        st.caption(plain(note))


def _attacks(report: RobustnessReport) -> None:
    if not report.attacks:
        return
    epsilons = sorted({one.epsilon for one in report.attacks})
    heads = [f"within {number(epsilon)}" for epsilon in epsilons]
    lines: dict[str, dict[float, AttackLine]] = {}
    for one in report.attacks:
        lines.setdefault(one.attack, {})[one.epsilon] = one
    rows = [_row(own, epsilons) for own in lines.values()]
    with st.container(key="attack_table", gap="xsmall"):
        st.markdown("**How many right answers does an attack turn wrong?**")
        st.table(
            pd.DataFrame(rows, columns=["attack", *heads, "checked"]), hide_index=True, border="horizontal",
            alt="Attacks with the share of right answers that each turns wrong, the weakest attack first",
        )  # fmt: skip
        attacked = report.attacks[0].success.n
        st.caption(
            f"Share of {count(attacked, 'correct answer')} turned wrong (lower is better) when no pixel changes by "
            "more than the number above, where 1 is the way from black to white."
        )
        for own in lines.values():
            one = next(iter(own.values()))
            told = f"**{plain(one.title)}** · {plain(one.words)}"
            if one.sound:
                st.caption(told)
            else:
                st.warning(told, icon=":material/warning:")


def _row(own: dict[float, AttackLine], epsilons: list[float]) -> list[str]:
    one = next(iter(own.values()))
    cells = [_share(own.get(epsilon)) for epsilon in epsilons]
    return [f"**{plain(one.title)}**", *cells, SOUND if one.sound else BROKEN]


def _share(line: AttackLine | None) -> str:
    if line is None:
        return number(None)
    value = line.success
    return plain(f"{number(value.value, 2)} {interval(value.low, value.high)}")


def _corruptions(report: RobustnessReport) -> None:
    st.markdown("**How right does it stay when pictures get worse?**")
    worst = min(report.corruptions, key=lambda one: one.accuracy.value, default=None)
    if worst is None:
        return
    words = (
        f"Right as they are: {estimate(report.clean)}. Worst with {worst.title.lower()} at severity {worst.severity}: "
        f"right {estimate(worst.accuracy)}, answers changed {estimate(worst.changed)}."
    )
    columns = ("corruption", "severity", "right", "low", "high", "changed", "changed low", "changed high", "n")
    rows = tuple(
        (one.corruption, one.severity, one.accuracy.value, one.accuracy.low, one.accuracy.high, one.changed.value,
         one.changed.low, one.changed.high, one.accuracy.n)
        for one in report.corruptions
    )  # fmt: skip
    draw_plot(
        corruption_plot(report), key="corruption_plot", name="corruptions", words=words, numbers=Numbers(columns, rows)
    )


def _flips(report: RobustnessReport) -> None:
    st.markdown("**What is the smallest change that flips an answer?**")
    n = len(report.smallest) + report.unflipped
    if not report.smallest:
        st.caption(f"No change was found that flips any of {count(n, 'answer')}.")
        return
    words = f"{median_words(report.smallest, report.unflipped)} Not flipped: {report.unflipped:,} of {n:,}."
    if report.hint is not None:
        words += f" The detector of attacked pictures (a hint only) has an AUROC of {estimate(report.hint)}."
    rows = tuple((value,) for value in report.smallest)
    numbers = Numbers(("smallest change found",), rows)
    draw_plot(flips_plot(report.smallest), key="flips_plot", name="smallest-flips", words=words, numbers=numbers)


def median_words(smallest: tuple[float, ...], unflipped: int) -> str:
    """Return the median of the smallest changes with its 95 % interval by ranks; cases not flipped count as larger.

    Example
    -------
    >>> median_words((0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7), 0)
    'Half of the answers flip within 0.40 [0.10, 0.70] · n 7.'
    """
    values, n = (*smallest, *[math.inf] * unflipped), len(smallest) + unflipped
    half = 0.98 * math.sqrt(n)
    low, middle, high = (
        values[min(n - 1, max(0, place))] for place in (math.floor(n / 2 - half), n // 2, math.ceil(n / 2 + half))
    )
    if not math.isfinite(middle):
        return f"{percent(len(smallest), n)} of the answers could be flipped · n {n:,}."
    above = number(high, 2) if math.isfinite(high) else "more"
    return f"Half of the answers flip within {number(middle, 2)} [{number(low, 2)}, {above}] · n {n:,}."
