"""The command that measures how easily a version is thrown off."""

from dataclasses import asdict
from typing import Annotated

import typer

from core.cli.cases import WorkspaceArgument, target_name
from core.cli.frame import JsonOption, TargetOption, opened, show, wait_for
from core.contracts import Estimate, RobustnessReport
from core.errors import UserError


def robustness(
    workspace: WorkspaceArgument,
    version: Annotated[
        str | None, typer.Option("--version", metavar="V", help="Which version; the champion when left out.")
    ] = None,
    target: TargetOption = None,
    cases: Annotated[int, typer.Option("--cases", metavar="N", help="How many ledger cases to measure on.")] = 100,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the report.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Attack and corrupt pictures of ledger cases, and say how often a version's answers change."""
    with opened() as container:
        asked = target_name(container.workspaces.spec(workspace), target)
        view = container.robustness.start(
            workspace, actor=container.default_actor, version=version, target=asked, cases=cases
        )
        result: dict[str, object] = {"job": view.job_id}
        lines = [f"report {view.job_id} is {view.status}"]
        if wait:
            wait_for(container, view.job_id)
            report = container.robustness.view(workspace, version=view.version, target=asked).report
            if report is None:
                raise UserError(f"The report of {workspace} is gone. Ask for it again.")
            result |= asdict(report) | {"created": report.created.isoformat()}
            lines = report_lines(report)
    show(as_json, result, *lines)


def report_lines(report: RobustnessReport) -> list[str]:
    """Return a robustness report in words, one line for each figure."""
    lines = [f"{report.version}, {report.target}, {report.cases} cases, right as they are: {_figure(report.clean)}"]
    for attack in report.attacks:
        state = "" if attack.sound else f" NOT SOUND: {attack.words}"
        lines.append(f"  {attack.title}, epsilon {attack.epsilon:.3f}: turns {_figure(attack.success)}{state}")
    flips = report.smallest
    if flips:
        lines.append(
            f"  smallest change that flips: median {flips[len(flips) // 2]:.4f}, {report.unflipped} not flipped"
        )
    lines += [
        f"  {one.title} {one.severity}: right {_figure(one.accuracy)}, changed {_figure(one.changed)}"
        for one in report.corruptions
    ]
    if report.hint is not None:
        lines.append(f"  detector of attacked pictures, AUROC: {_figure(report.hint)}")
    return lines + [f"  {note}" for note in report.notes]


def _figure(value: Estimate) -> str:
    return f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}] n={value.n}"
