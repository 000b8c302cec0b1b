"""The command that says whether person and model together beat either."""

from dataclasses import asdict
from typing import Annotated

import typer

from core.cli.cases import WorkspaceArgument
from core.cli.frame import JsonOption, TargetOption, opened, show
from core.contracts import DeferralCurve, Estimate, TeamRow, TeamView


def team(
    workspace: WorkspaceArgument,
    target: TargetOption = None,
    hour_cost: Annotated[
        float | None,
        typer.Option("--hour-cost", metavar="X", help="Cost of an hour of reading, in the unit of [[costs]]."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say whether person and model together beat either, on the same cases, and who should read what."""
    with opened() as container:
        view = container.team.view(workspace, target=target, hour_cost=hour_cost)
    show(as_json, asdict(view), *_lines(view))


def _lines(view: TeamView) -> list[str]:
    """Return the team page in words."""
    said = [view.note] if view.note else []
    said += [line for row in view.rows for line in row_lines(row)]
    return [*said, *map(curve_line, view.curves), *view.excluded]


def row_lines(row: TeamRow) -> tuple[str, str]:
    """Return the figures of one cut in words, in two lines."""
    small = ", too few to compare" if row.small else ""
    first = f"{row.cut}: {row.reads} reads of {row.cases} cases{small}"
    figures = {
        "person": row.person, "model": row.model, "together": row.team, "gain": row.gain, "helped": row.helped,
        "harmed": row.harmed, "over-reliance": row.over_reliance, "under-reliance": row.under_reliance,
    }  # fmt: skip
    return first, "  " + ", ".join(f"{name} {_figure(value)}" for name, value in figures.items() if value is not None)


def curve_line(curve: DeferralCurve) -> str:
    """Return the best point of a rule of deferral in words."""
    return f"{curve.title}: {curve.words}"


def _figure(value: Estimate) -> str:
    return f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}]"
