"""Rules of a workspace's policies: what they name must be there."""

from collections.abc import Iterable, Iterator

from core.contracts import WorkspaceSpec

JOINED = " & "
"""Joins the attributes of an intersection in a policy."""


def fairness_rules(spec: WorkspaceSpec) -> Iterator[str]:
    """Yield what is wrong with the policies of fairness."""
    sensitive = {attribute.name: attribute.sensitive for attribute in spec.attributes}
    targets, seen = [target.name for target in spec.targets], set()
    for number, policy in enumerate(spec.fairness, start=1):
        key = f"fairness.entry {number}"
        for name in policy.attribute.split(JOINED):
            if name not in sensitive:
                yield f'{key}.attribute: got "{name}", wanted one of {_listed(sensitive)}'
            elif not sensitive[name]:
                yield f'{key}.attribute: got "{name}", wanted an attribute with sensitive = true'
        if policy.target is not None and policy.target not in targets:
            yield f'{key}.target: got "{policy.target}", wanted one of {_listed(targets)}'
        which = policy.attribute, policy.metric, policy.target or targets[0]
        if which in seen:
            yield f"{key}: got {policy.metric} of {policy.attribute} for the second time, wanted it once"
        seen.add(which)


def positive_rules(spec: WorkspaceSpec) -> Iterator[str]:
    """Yield positive classes that are none."""
    for target in spec.targets:
        if target.positive is not None and target.positive not in target.classes:
            yield f'targets.{target.name}.positive: got "{target.positive}", wanted one of {_listed(target.classes)}'


def group_rules(spec: WorkspaceSpec) -> Iterator[str]:
    """Yield a grouping of answer sets by what is no attribute."""
    names, groups = [attribute.name for attribute in spec.attributes], spec.calibration.groups
    if groups is not None and groups not in names:
        yield f'calibration.groups: got "{groups}", wanted one of {_listed(names)}'


def label_rules(spec: WorkspaceSpec) -> Iterator[str]:
    """Yield labels of the guard that no target has."""
    labels = {label for target in spec.targets for label in target.classes}
    full = {f"{target.name}={label}" for target in spec.targets for label in target.classes}
    for key, given in (("never_accept", spec.guard.never_accept), ("two_readers", spec.guard.two_readers)):
        for label in given:
            if label not in labels | full:
                yield f'guard.{key}: got "{label}", wanted one of {_listed(sorted(labels))}, or "target=label"'


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none: the workspace declares no attribute"
