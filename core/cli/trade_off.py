"""The commands of the trade-off between accuracy and gaps: look for models, make one a candidate."""

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer

from core.cli.cases import WorkspaceArgument
from core.cli.frame import JsonOption, TargetOption, figure_words, opened, show, wait_for
from core.contracts import GapMetric, TradeOffView, TradePoint


class Metric(StrEnum):
    """The gap to close."""

    demographic_parity = "demographic_parity"
    equal_opportunity = "equal_opportunity"
    equalised_odds = "equalised_odds"
    worst_group = "worst_group"


METRICS: dict[Metric, GapMetric] = {
    Metric.demographic_parity: "demographic_parity",
    Metric.equal_opportunity: "equal_opportunity",
    Metric.equalised_odds: "equalised_odds",
    Metric.worst_group: "worst_group",
}


def tradeoff(
    workspace: WorkspaceArgument,
    target: TargetOption = None,
    attribute: Annotated[
        str | None, typer.Option("--attribute", metavar="A", help="Between whose groups; the policy's when left out.")
    ] = None,
    metric: Annotated[Metric, typer.Option("--metric", help="The gap to close.")] = Metric.equalised_odds,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for all models.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Train models along the trade-off between accuracy and the gap between groups."""
    with opened() as container:
        view = container.fairness.search(
            workspace, actor=container.default_actor, target=target, attribute=attribute, metric=METRICS[metric]
        )
        if wait:
            wait_for(container, view.job_id)
            view = container.fairness.trade_off(workspace, target=target, attribute=attribute, metric=METRICS[metric])
    when = None if view.created is None else view.created.isoformat()
    show(as_json, {**asdict(view), "created": when}, *_lines(view))


def choose(
    workspace: WorkspaceArgument,
    point: Annotated[int, typer.Argument(metavar="POINT", help="Number of a model that tradeoff lists.")],
    as_json: JsonOption = False,
) -> None:
    """Make a model of the trade-off a candidate; its gate follows."""
    with opened() as container:
        run = container.fairness.choose(workspace, point, actor=container.default_actor)
    words = run.outcome.words if run.outcome else ""
    result: dict[str, object] = {"run": run.id, "version": run.version, "strategy": run.strategy, "words": words}
    show(as_json, result, f"candidate {run.version}. {words}".strip())


def _lines(view: TradeOffView) -> list[str]:
    """Return the trade-off in words."""
    if view.note:
        return [view.note]
    head = f"{view.workspace}, {view.target}, groups of {view.attribute}: n={view.n} {view.measured_on}"
    return [head, *map(_line, view.points), *([view.error] if view.error else [])]


def _line(point: TradePoint) -> str:
    number = "     " if point.id is None else f"{point.id:5d}"
    best = " (no other one beats it)" if point.efficient else ""
    version = f" = {point.version}" if point.version and point.id is not None else ""
    return (
        f"{number}  {point.title}{version}{best}: accuracy {figure_words(point.accuracy)}, parity gap "
        f"{figure_words(point.demographic_parity)}, odds gap {figure_words(point.equalised_odds)}. {point.words}"
    ).rstrip()
