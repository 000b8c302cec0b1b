"""The command that measures how far a version's explanations can be trusted."""

from dataclasses import asdict
from typing import Annotated

import typer

from core.cli.cases import WorkspaceArgument, target_name
from core.cli.frame import JsonOption, TargetOption, figure_words, opened, show, wait_for
from core.cli.training import VersionArgument
from core.contracts import MethodReport, QualityReport
from core.errors import UserError


def quality(
    workspace: WorkspaceArgument,
    version: VersionArgument = None,
    target: TargetOption = None,
    method: Annotated[
        list[str] | None, typer.Option("--method", metavar="M", help="One method; may be repeated. All when left out.")
    ] = None,
    cases: Annotated[int, typer.Option("--cases", metavar="N", help="How many ledger cases to measure on.")] = 40,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the report.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure the explanation methods on a version: which ones are supported by evidence, and how far."""
    with opened() as container:
        asked = target_name(container.workspaces.spec(workspace), target)
        run = container.trust.start_report(
            workspace,
            actor=container.default_actor,
            version=version,
            target=asked,
            methods=tuple(method or ()),
            cases=cases,
        )
        result: dict[str, object] = {"job": run.job_id}
        lines = [f"report {run.job_id} is {run.status}"]
        if wait:
            wait_for(container, run.job_id)
            report = container.trust.view(workspace, version=version, target=asked).report
            if report is None:
                raise UserError(f"The report of {workspace} is gone. Ask for it again.")
            result |= report_object(report)
            lines = [f"{report.version}, {report.target}, {report.cases} cases:", *map(method_line, report.methods)]
            lines += [f"  {'skipped':14s} {name}. {why}" for name, why in report.skipped]
    show(as_json, result, *lines)


def report_object(report: QualityReport) -> dict[str, object]:
    """Return a quality report as JSON."""
    return asdict(report) | {"created": report.created.isoformat(), "default": report.default}


def method_line(method: MethodReport) -> str:
    """Return what the tests say of one method, in words."""
    tests = ", ".join(f"{test.name} {figure_words(test.value)}" for test in method.tests if test.value is not None)
    return f"  {method.support:14s} {method.title}. {method.reason} {tests}".rstrip()
