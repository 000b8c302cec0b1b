"""The command that settles what readers differ on."""

from typing import Annotated

import typer

from core.cli.cases import CaseArgument, WorkspaceArgument, target_name
from core.cli.frame import JsonOption, TargetOption, opened, show
from core.contracts import Dispute


def adjudicate(
    workspace: WorkspaceArgument,
    case: CaseArgument,
    label: Annotated[str, typer.Option("--label", help="What the case shows: the reference label from now on.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, for the record.")],
    target: TargetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Settle a case on which readers differ; it feeds training, and a later word supersedes it."""
    with opened() as container:
        chosen = target_name(container.workspaces.spec(workspace), target)
        settled = container.adjudication.settle(workspace, case, chosen, label, reason, actor=container.default_actor)
    show(as_json, dispute_object(settled), dispute_line(settled))


def dispute_object(dispute: Dispute) -> dict[str, object]:
    """Return a settled dispute as JSON."""
    return {
        "case": dispute.case,
        "target": dispute.target,
        "label": dispute.settled,
        "opinions": [{"reader": one.reader, "label": one.label} for one in dispute.opinions],
        "mark_overlap": dispute.mark_overlap,
    }


def dispute_line(dispute: Dispute) -> str:
    """Return a settled dispute in words."""
    said = ", ".join(f"{one.reader} said {one.label}" for one in dispute.opinions)
    return f"{dispute.case}: {dispute.target} is {dispute.settled} ({said})"
