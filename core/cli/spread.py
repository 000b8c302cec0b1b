"""The command that spreads the marks of an artefact to other cases."""

from typing import Annotated

import typer

from core.cli.cases import WorkspaceArgument
from core.cli.frame import JsonOption, estimate, opened, show, wait_for
from core.contracts import SpreadView


def spread(
    workspace: WorkspaceArgument,
    artefact: Annotated[str, typer.Argument(metavar="ARTEFACT", help="Name of the artefact whose marks are spread.")],
    right: Annotated[
        list[int] | None, typer.Option("--right", metavar="N", help="Accept proposal N; may be repeated.")
    ] = None,
    wrong: Annotated[
        list[int] | None, typer.Option("--wrong", metavar="N", help="Reject proposal N; may be repeated.")
    ] = None,
    accept_above: Annotated[
        float | None,
        typer.Option("--accept-above", metavar="P", help="Accept all open proposals of at least this probability."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many open proposals to list.")] = 24,
    as_json: JsonOption = False,
) -> None:
    """Look for an artefact in all cases that may train; or decide on what an earlier search found."""
    with opened() as container:
        actor = container.default_actor
        if right or wrong:
            container.spread.decide(
                workspace, artefact, actor=actor, right=tuple(right or ()), wrong=tuple(wrong or ())
            )
        if accept_above is not None:
            container.spread.accept_above(workspace, artefact, accept_above, actor=actor)
        if not (right or wrong) and accept_above is None:
            wait_for(container, container.spread.start(workspace, artefact, actor=actor).id)
        view = container.spread.view(workspace, artefact, limit=limit)
    show(as_json, spread_object(view), *spread_lines(view))


def spread_object(view: SpreadView) -> dict[str, object]:
    """Return how the spreading stands as JSON; proposals are the open ones that are listed."""
    return {
        "artefact": view.artefact,
        "marks": view.marks,
        "searched": view.searched,
        "open": view.open,
        "accepted": view.accepted,
        "rejected": view.rejected,
        "precision": estimate(view.precision) if view.precision else None,
        "expected_precision": view.expected_precision,
        "proposals": [
            {"id": item.id, "case": item.case, "field": item.field, "probability": item.probability}
            for item in view.proposals
            if item.status == "open"
        ],
    }


def spread_lines(view: SpreadView) -> list[str]:
    """Return how the spreading stands, in words."""
    shown = [item for item in view.proposals if item.status == "open"]
    lines = [view.words, f"{view.open} open, {view.accepted} accepted, {view.rejected} rejected"]
    if view.precision is not None:
        found = view.precision
        lines.append(f"right among the open ones: {found.value:.2f} [{found.low:.2f}, {found.high:.2f}] n={found.n}")
    return lines + [f"  {item.id:6d}  {item.probability:.2f}  {item.case}  {item.thumbnail.text}" for item in shown]
