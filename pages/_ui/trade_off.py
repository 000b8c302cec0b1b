"""The trade-off: looking for models, comparing them, making one a candidate."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.contracts import Estimate, FairnessView, GapMetric, TradeOffView, TradePoint
from pages._ui import context
from pages._ui.download import Numbers
from pages._ui.fairness_plots import GAP_TITLES
from pages._ui.format import interval, number, when
from pages._ui.guard import acting, guarded
from pages._ui.plots import draw_plot
from pages._ui.progress import draw_progress
from pages._ui.services import get_services
from pages._ui.sidebar import page
from pages._ui.text import count, plain
from pages._ui.trade_off_plot import panels, trade_off_plot

POINT, PLOT = "trade_point", "trade_off_plot"
RECOMMENDED = "trade_recommended"


def draw_trade_off(view: FairnessView, attribute: str | None) -> None:
    """Draw accuracy against gaps for the groups of `attribute`, and what can be done."""
    st.header("Trade-off", anchor=False)
    metric = _metric()
    trade = get_services().fairness.trade_off(view.workspace, target=view.target, attribute=attribute, metric=metric)
    if trade.note:
        st.info(plain(trade.note))
        return
    st.caption(
        "Models that make the gap smaller by giving up some accuracy, beside the one that serves. Both gaps are always "
        "shown: closing one often opens the other."
    )
    with st.container(key="trade_off", gap="medium"):
        _pick_metric(trade)
        if trade.status in ("queued", "running") and trade.job_id is not None:
            _live(trade, trade.job_id)
        else:
            _start(trade)
        if trade.points:
            _compare(trade, _limits(view, attribute))


def _metric() -> GapMetric | None:
    asked = st.query_params.get("metric")
    return next((name for name in GAP_TITLES if name == asked), None)


def _follow() -> None:
    if st.session_state.trade_metric:
        st.query_params["metric"] = st.session_state.trade_metric


def _pick_metric(trade: TradeOffView) -> None:
    st.session_state.trade_metric = trade.metric
    st.segmented_control(
        "Gap to close", list(GAP_TITLES), format_func=lambda name: GAP_TITLES[name], key="trade_metric",
        on_change=_follow, required=True,
    )  # fmt: skip


def _start(trade: TradeOffView) -> None:
    if trade.status == "failed":
        st.error(f"The last search failed: {plain(trade.error or 'unknown reason.')}", icon=":material/error:")
    elif trade.status == "cancelled":
        st.caption("The last search was cancelled; the models that it had found are below.")
    elif trade.error:
        st.warning(plain(trade.error), icon=":material/warning:")
    found = any(point.id is not None for point in trade.points)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Search again" if found else "Search for models", key="trade_search", on_click=_search, args=(trade,),
            type="secondary" if found else "primary",
        )  # fmt: skip
        last = f"Last searched {when(trade.created)}. " if trade.created else ""
        st.caption(f"{last}It trains several models, one after the other; you can go on meanwhile.")


def _search(trade: TradeOffView) -> None:
    with acting():
        get_services().fairness.search(
            trade.workspace, actor=context.actor(), target=trade.target, attribute=trade.attribute, metric=trade.metric
        )


def _cancel(workspace: str) -> None:
    with acting():
        get_services().fairness.cancel(workspace, actor=context.actor())


@st.fragment(run_every=1)
def _live(trade: TradeOffView, job_id: int) -> None:
    with guarded(), st.container(key="trade_progress"):
        job = get_services().jobs.get(job_id)
        before = trade.progress.stage if trade.progress else ""
        if job.status not in ("queued", "running") or job.progress.stage != before:
            st.rerun()
        draw_progress(job.progress)
        st.button(
            "Cancelling" if job.cancel_requested else "Cancel", key="trade_cancel", on_click=_cancel,
            args=(trade.workspace,), disabled=job.cancel_requested,
        )  # fmt: skip


def _limits(view: FairnessView, attribute: str | None) -> dict[GapMetric, float]:
    """Return the policy's limits on the gaps that are drawn."""
    gaps = next((one.gaps for one in view.attributes if one.attribute == attribute), ())
    return {gap.metric: gap.limit for gap in gaps if gap.limit is not None}


def _compare(trade: TradeOffView, limits: dict[GapMetric, float]) -> None:
    chosen = _chosen(trade)
    draw_plot(
        trade_off_plot(trade.points, trade.metric, chosen, limits), key=PLOT, name="trade-off", words=_words(trade),
        numbers=_numbers(trade), on_select=_point_at,
    )  # fmt: skip
    left, right = st.columns([1.4, 1], gap="large")
    with left:
        st.radio(
            "Models", range(len(trade.points)), format_func=lambda place: _label(trade, place), key=POINT,
            captions=[_caption(trade, point) for point in trade.points],
        )  # fmt: skip
    with right:
        _act(trade, trade.points[chosen])


def _chosen(trade: TradeOffView) -> int:
    """Return the place of the model that is looked at; where nobody picked one, that is the recommended one."""
    state, best = st.session_state, _recommended(trade)
    if state.get(POINT) not in range(len(trade.points)) or state[POINT] == state.get(RECOMMENDED):
        state[POINT] = best
    state[RECOMMENDED] = best
    return int(state[POINT])


def _recommended(trade: TradeOffView) -> int:
    """Return the place of the first found model that no other beats, else of the first model."""
    return next((place for place, one in enumerate(trade.points) if one.efficient and one.id is not None), 0)


def _point_at() -> None:
    """Look at the model that was pointed at in the plot."""
    points = st.session_state[f"{PLOT}_figure"].selection.points
    places = [point["customdata"][0] for point in points if point.get("customdata")]
    if places:
        st.session_state[POINT] = int(places[0])


def _label(trade: TradeOffView, place: int) -> str:
    point = trade.points[place]
    return f"{place + 1}. {plain(point.title)}" + (" · **no other one beats it**" if point.efficient else "")


def _caption(trade: TradeOffView, point: TradePoint) -> str:
    gaps = "; ".join(f"{GAP_TITLES[name].lower()} gap {_short(of(point))}" for name, of in panels(trade.metric))
    return plain(f"accuracy {_short(point.accuracy)}; {gaps} · n {point.accuracy.n:,}")


def _short(figure: Estimate) -> str:
    return f"{number(figure.value, 2)} {interval(figure.low, figure.high)}"


def _words(trade: TradeOffView) -> str:
    best = ", ".join(str(place + 1) for place, point in enumerate(trade.points) if point.efficient)
    return (
        f"Accuracy against gaps of {count(len(trade.points), 'model')}; no other one beats {best}. Bars are 95 % "
        f"intervals; dashed: the policy's limit. Measured on {trade.n:,} {trade.measured_on}"
    )


def _numbers(trade: TradeOffView) -> Numbers:
    figures = ("accuracy", "demographic_parity", "equalised_odds")
    each = tuple(f"{name}{end}" for name in figures for end in ("", " low", " high"))
    columns = ("model", "limit", "version", "beaten by none", *each)
    rows = tuple(
        (point.title, point.limit, point.version, point.efficient,
         *(value for name in figures for value in _three(getattr(point, name))))
        for point in trade.points
    )  # fmt: skip
    return Numbers((*columns, "n"), tuple((*row, trade.n) for row in rows))


def _three(figure: Estimate) -> tuple[float, float, float]:
    return figure.value, figure.low, figure.high


def _act(trade: TradeOffView, point: TradePoint) -> None:
    with st.container(key="trade_choice", border=True):
        st.markdown(f"**{plain(point.title)}**")
        if point.words:
            draw = partial(st.warning, icon=":material/warning:") if point.words.startswith("Needs") else st.write
            draw(plain(point.words))
        if point.version is not None:
            st.text(f"It is the version {point.version}.")
            st.page_link(page("retraining"), label="Its gate and the decision", query_params=context.link())
        elif point.id is not None:
            st.button("Make it a candidate", key="trade_choose", type="primary", on_click=_choose, args=(trade, point))
            st.caption("The gate measures it on the ledger; then a person decides.")


def _choose(trade: TradeOffView, point: TradePoint) -> None:
    with acting():
        get_services().fairness.choose(trade.workspace, int(point.id or 0), actor=context.actor())
