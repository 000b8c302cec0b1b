"""Commands about what there is and what happened: status, audit, garbage."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from core.cli.frame import JsonOption, opened, show


def status(as_json: JsonOption = False) -> None:
    """Show every workspace: champion, cases, waiting, figures on the ledger."""
    with opened() as container:
        value = container.workspaces.status()
    lines = [
        f"{name}: champion {item['champion'] or 'none yet'}, {item['cases']} cases, {item['waiting']} waiting"
        for name, item in value["workspaces"].items()
    ]
    show(as_json, value, *(lines or ["No workspace yet. Make one with: python -m core demo"]))


def verify(as_json: JsonOption = False) -> None:
    """Check that nothing in the record was edited, deleted, inserted, reordered or cut off."""
    with opened() as container:
        check = container.audit.verify()
    words = f"{check.events} events, the chain is whole" if check.ok else f"{check.events} events. {check.problem}"
    show(as_json, asdict(check), words)
    if not check.ok:
        raise typer.Exit(1)


def export(
    folder: Annotated[Path, typer.Argument(help="Where to write; made when it is not there.")] = Path(),
    as_json: JsonOption = False,
) -> None:
    """Write the record as JSON lines."""
    with opened() as container:
        file = container.audit.export(folder)
    show(as_json, {"file": str(file)}, str(file))


def collect_garbage(as_json: JsonOption = False) -> None:
    """Remove stored files that nothing names any more."""
    with opened() as container:
        report = container.maintenance.collect_garbage()
    words = f"{report.removed} files removed, {report.bytes_freed / 1e6:.1f} MB freed, {report.kept} kept"
    show(as_json, {"removed": report.removed, "bytes_freed": report.bytes_freed, "kept": report.kept}, words)


def erase(
    workspace: Annotated[str, typer.Argument(help="Name of the workspace.")],
    case: Annotated[str, typer.Argument(help="Name of the case.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, for the record.")],
    as_json: JsonOption = False,
) -> None:
    """Erase a case's inputs, attributes, marks and comments for good. The record still verifies."""
    with opened() as container:
        event = container.maintenance.erase(workspace, case, reason, actor=container.default_actor)
    show(as_json, {"case": case, "event": event.sequence}, f"{case} was erased (event {event.sequence} of the record)")
