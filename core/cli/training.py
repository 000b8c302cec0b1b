"""Commands about versions: retrain, measure, decide."""

from collections.abc import Mapping
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.cases import WorkspaceArgument
from core.cli.frame import JsonOption, metrics_lines, metrics_object, opened, show, wait_for
from core.contracts import Check, DecisionKind, FairnessAim, GateReport, RunPlan, Scope
from core.errors import UserError

if TYPE_CHECKING:
    from core.services.container import Container

VersionArgument = Annotated[
    str | None, typer.Argument(help="Name of the version, e.g. v2; the one that is meant when left out.")
]


class Start(StrEnum):
    """What a training starts from."""

    scratch = "scratch"
    champion = "champion"


class Parts(StrEnum):
    """What trains."""

    head = "head"
    last_blocks = "last-blocks"
    all = "all"


class Gap(StrEnum):
    """What groups are to be alike in."""

    demographic_parity = "demographic_parity"
    equal_opportunity = "equal_opportunity"
    equalised_odds = "equalised_odds"
    worst_group = "worst_group"


LIMIT = FairnessAim("").limit
SCOPES: Mapping[Parts, Scope] = {Parts.head: "head", Parts.last_blocks: "last blocks", Parts.all: "all"}
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept on record.")]
OverrideOption = Annotated[bool, typer.Option("--override", help="Decide against a failed check.")]
AcknowledgeOption = Annotated[bool, typer.Option("--acknowledge", help="Accept checks that are not assessable.")]


def retrain(
    workspace: WorkspaceArgument,
    strategy: Annotated[
        str | None, typer.Option("--strategy", help="How, or auto to try several; the workspace's own when left out.")
    ] = None,
    regions: Annotated[
        bool, typer.Option("--regions/--no-regions", help="Use the marks; without them it is a control run.")
    ] = True,
    start: Annotated[
        Start, typer.Option("--start", help="New weights, or fine-tune the champion's, as large networks need.")
    ] = Start.scratch,
    scope: Annotated[
        Parts, typer.Option("--scope", help="What trains: the head, the last blocks of the encoders too, or all.")
    ] = Parts.all,
    budget: Annotated[
        float, typer.Option("--budget", help="Seconds that auto may try strategies.", min=1.0)
    ] = RunPlan().budget_seconds,
    attribute: Annotated[
        str | None,
        typer.Option("--attribute", help="Sensitive attribute whose groups are to be alike; `a & b` for both."),
    ] = None,
    metric: Annotated[Gap, typer.Option("--metric", help="What is to be alike.")] = Gap.equalised_odds,
    limit: Annotated[
        float, typer.Option("--limit", help="Largest gap that the training may leave.", min=0.0, max=1.0)
    ] = LIMIT,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the new version.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Train a candidate from the verdicts so far; its gate follows. Where nothing is better, the champion stays."""
    aim = None if attribute is None else FairnessAim(attribute, metric.value, limit)
    plan = RunPlan(start.value, SCOPES[scope], budget, aim)
    with opened() as container:
        run = container.retraining.start(
            workspace, actor=container.default_actor, strategy=strategy, use_regions=regions, plan=plan
        )
        result: dict[str, object] = {"run": run.id, "job": run.job_id}
        lines = [f"run {run.id} is {run.status}"]
        if wait:
            wait_for(container, run.job_id)
            result, lines = _left(container, workspace, run.id, result)
    show(as_json, result, *lines)


def _left(
    container: "Container", workspace: str, run: int, result: Mapping[str, object]
) -> tuple[dict[str, object], list[str]]:
    """Return what a finished run left, as JSON and as lines."""
    done = container.retraining.run(workspace, run)
    if done is None or done.version is None:
        raise UserError(f"The run of {workspace} left no version: {done.error if done else 'it is gone'}.")
    metrics = container.retraining.metrics(workspace, done.version)
    kept, outcome = {**result, "version": done.version, "metrics": metrics_object(metrics)}, done.outcome
    if outcome is None:
        return kept, [f"candidate {done.version}, on cases that it never trained on:", *metrics_lines(metrics)]
    kept |= {"outcome": "no effect" if outcome.no_effect else "delivered", "strategy": outcome.delivered}
    kept |= {"words": outcome.words, "trials": [asdict(trial) for trial in outcome.trials]}
    kept["warnings"] = [asdict(warning) for warning in outcome.warnings]
    head = f"{done.version} stays" if outcome.no_effect else f"candidate {done.version}"
    warned = [f"  look at the marks: {warning.words}" for warning in outcome.warnings]
    return kept, [outcome.words, *warned, f"{head}, on cases that it never trained on:", *metrics_lines(metrics)]


def gate(
    workspace: WorkspaceArgument,
    version: Annotated[str, typer.Argument(help="Name of the candidate.")],
    as_json: JsonOption = False,
) -> None:
    """Measure a candidate against the champion on the ledger and keep the report."""
    with opened() as container:
        report = container.retraining.gate(workspace, version, actor=container.default_actor)
    lines = [f"{report.version} against {report.champion}: {report.verdict}", *map(check_line, report.checks)]
    show(as_json, gate_object(report), *lines)


def gate_object(report: GateReport) -> dict[str, object]:
    """Return a gate report as JSON."""
    keys = ("name", "champion", "candidate", "difference", "low", "high", "n", "verdict", "reason")
    checks = [{key: getattr(check, key) for key in keys} for check in report.checks]
    return {"version": report.version, "verdict": report.verdict, "checks": checks}


def check_line(check: Check) -> str:
    """Return one check in words."""
    interval = "" if check.low is None else f" [{check.low:+.3f}, {check.high:+.3f}]"
    difference = "" if check.difference is None else f" {check.difference:+.3f}{interval}"
    return f"  {check.verdict:14s} {check.title}{difference} n={check.n}. {check.reason}"


def promote(
    workspace: WorkspaceArgument,
    reason: ReasonOption,
    version: VersionArgument = None,
    override: OverrideOption = False,
    acknowledge: AcknowledgeOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make a candidate the champion."""
    _decide("promote", workspace, version, reason, override, acknowledge, as_json)


def reject(
    workspace: WorkspaceArgument, reason: ReasonOption, version: VersionArgument = None, as_json: JsonOption = False
) -> None:
    """Send a candidate back."""
    _decide("reject", workspace, version, reason, False, False, as_json)


def rollback(
    workspace: WorkspaceArgument, reason: ReasonOption, version: VersionArgument = None, as_json: JsonOption = False
) -> None:
    """Let an earlier champion serve again."""
    _decide("rollback", workspace, version, reason, False, False, as_json)


def _decide(
    kind: DecisionKind,
    workspace: str,
    version: str | None,
    reason: str,
    override: bool,
    acknowledge: bool,
    as_json: bool,
) -> None:
    with opened() as container:
        decision = container.retraining.decide(
            workspace,
            kind,
            version,
            reason,
            actor=container.default_actor,
            override=override,
            acknowledge=acknowledge,
        )
    keys = ("workspace", "kind", "version", "previous", "reason", "overridden", "acknowledged")
    line = f"{kind}: {decision.version} (before: {decision.previous or 'none'})"
    show(as_json, {key: getattr(decision, key) for key in keys}, line)
