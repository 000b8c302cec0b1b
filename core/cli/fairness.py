"""The command that tells for whom a version is better or worse."""

from dataclasses import asdict
from typing import Annotated

import typer

from core.cli.cases import WorkspaceArgument
from core.cli.frame import JsonOption, TargetOption, figure_words, opened, show
from core.contracts import AttributeFairness, FairnessView, SliceView


def fairness(
    workspace: WorkspaceArgument,
    version: Annotated[
        str | None, typer.Option("--version", metavar="V", help="Which version; the champion when left out.")
    ] = None,
    target: TargetOption = None,
    positive: Annotated[
        str | None, typer.Option("--positive", metavar="L", help="Class whose rates are shown: it against the rest.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell rates of groups, gaps between them, and the subgroups that a version is worst for."""
    with opened() as container:
        view = container.fairness.view(workspace, version=version, target=target, positive=positive)
    show(as_json, asdict(view), *_lines(view))


def _lines(view: FairnessView) -> list[str]:
    """Return the view in words."""
    head = f"{view.workspace} {view.version or 'without a version'}, {view.target}: {view.positive}, n={view.n}"
    lines = [head, *([view.note] if view.note else [])]
    for attribute in view.attributes:
        lines += _attribute(attribute)
    for title, found in (("worse", view.slices), ("missed", view.missed), ("false alarms", view.false_alarms)):
        lines += [_slice(title, one) for one in found]
    return [*lines, view.slice_note] if view.slice_note else lines


def _attribute(attribute: AttributeFairness) -> list[str]:
    lines = [f"{attribute.attribute}. {attribute.note}".rstrip()]
    lines += [
        f"  {gap.title}: {figure_words(gap.difference)} p={gap.p_value:.3f}. {gap.words}" for gap in attribute.gaps
    ]
    for row in attribute.groups:
        lines.append(f"  {row.group} n={row.n}, positive {row.positives}")
        lines += [
            f"    {rate.rate} {figure_words(rate.estimate)}{' few cases' if rate.small else ''}"
            for rate in row.rates
            if rate.estimate is not None
        ]
    return lines


def _slice(title: str, one: SliceView) -> str:
    return (
        f"  {title}: {one.words}: {figure_words(one.error)}, elsewhere {one.elsewhere.value:.3f}, p={one.p_value:.3f}"
    )
