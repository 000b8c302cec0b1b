"""What the model may never do by itself, however sure it is, as the workspace declares it."""

from collections.abc import Iterable

from core.contracts import Deferral, TargetAnswer, WorkspaceSpec

Named = tuple[tuple[str, str], ...]
"""(target, label)"""


def named_labels(spec: WorkspaceSpec, names: Iterable[str]) -> Named:
    """Return the (target, label) that names of a policy stand for: `target=label`, or a label of any target."""
    wanted = set(names)
    return tuple(
        (target.name, label)
        for target in spec.targets
        for label in target.classes
        if label in wanted or f"{target.name}={label}" in wanted
    )


def limited(spec: WorkspaceSpec, answer: TargetAnswer) -> list[Deferral]:
    """Return why the workspace's rules leave this answer to people, whatever was measured."""
    given, words = (answer.target, answer.label), label_words(spec, answer.target, answer.label)
    found = []
    if given in named_labels(spec, spec.guard.never_accept):
        found.append(Deferral("behaviour", f"the workspace's rules: the model may never decide {words} by itself"))
    if given in named_labels(spec, spec.guard.two_readers):
        found.append(Deferral("behaviour", f"the workspace's rules: two people always read what may be {words}"))
    return found


def label_words(spec: WorkspaceSpec, target: str, label: str) -> str:
    """Return the words for a label."""
    return spec.target(target).display.get(label, label)


def hourly(limit: int) -> Deferral:
    """Return why an accepted answer is left to people once the hour's decisions are used up."""
    return Deferral(
        "behaviour", f"the workspace's rules: at most {limit} decisions an hour by the model itself", None, float(limit)
    )


def limit_words(spec: WorkspaceSpec) -> tuple[str, ...]:
    """Return the workspace's behaviour limits, one sentence each."""
    guard, said = spec.guard, []
    for named, words in (
        (guard.never_accept, "The model never decides {} by itself."),
        (guard.two_readers, "Two people always read what the model or a reader calls {}."),
    ):
        labels = [label_words(spec, target, label) for target, label in named_labels(spec, named)]
        if labels:
            said.append(words.format(" or ".join(dict.fromkeys(labels))))
    if guard.per_hour is not None:
        said.append(f"At most {guard.per_hour} decisions in any hour by the model itself.")
    if guard.minimum_group:
        said.append(f"Groups with fewer than {guard.minimum_group} training cases are left to people.")
    return tuple(said)
