"""Commands on how the model holds itself back: look, suspend, resume."""

from dataclasses import asdict
from typing import Annotated

import typer

from core.cli.cases import WorkspaceArgument
from core.cli.frame import JsonOption, opened, show
from core.contracts import Estimate, GuardView, RiskRule, Suspension

ReasonOption = Annotated[str, typer.Option("--reason", help="Why, for the record.")]


def guard(workspace: WorkspaceArgument, as_json: JsonOption = False) -> None:
    """Show when the model leaves cases to people: rules, limits, counts, alarms, and whether it is suspended."""
    with opened() as container:
        view = container.guard.view(workspace)
    said = None if view.suspension is None else _suspension(view.suspension)
    show(as_json, asdict(view) | {"suspension": said}, *guard_lines(view))


def suspend(workspace: WorkspaceArgument, reason: ReasonOption, as_json: JsonOption = False) -> None:
    """Silence the model at once: everything goes to people, the workbench goes on."""
    with opened() as container:
        said = container.guard.suspend(workspace, reason, actor=container.default_actor)
    show(as_json, {"workspace": workspace} | _suspension(said), f"The model of {workspace} is suspended.")


def resume(workspace: WorkspaceArgument, reason: ReasonOption, as_json: JsonOption = False) -> None:
    """Let the model answer again."""
    with opened() as container:
        said = container.guard.resume(workspace, reason, actor=container.default_actor)
    show(as_json, {"workspace": workspace} | _suspension(said), f"The model of {workspace} answers again.")


def guard_lines(view: GuardView) -> list[str]:
    """Return how the model holds itself back, in words."""
    said = view.suspension
    lines = [f"suspended by {said.actor_id}: {said.reason}"] if said is not None and said.suspended else []
    lines += [f"alarm: {alarm}" for alarm in view.alarms]
    lines.append(f"{view.version or 'no version yet'}: {view.deferred} of {view.cases} cases are left to people")
    lines += [f"  {count.count}: {count.words}" for count in view.counts]
    lines += [_rule_line(rule) for rule in view.rules]
    lines += [view.outlier_words, *view.limits]
    lines.append(f"{view.automatic_last_hour} decisions by the model itself in the last hour")
    return lines


def _rule_line(rule: RiskRule) -> str:
    return f"{rule.target}: {rule.words} It accepts {_figure(rule.accepted)}; wrong among these: {_figure(rule.error)}."


def _figure(value: Estimate) -> str:
    return f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}] n={value.n}" if value.n else "unknown (n=0)"


def _suspension(said: Suspension) -> dict[str, object]:
    return asdict(said) | {"created": said.created.isoformat()}
