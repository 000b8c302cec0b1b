"""What a trade-off is asked about: target, attribute, gap."""

from dataclasses import dataclass
from typing import get_args

from core.contracts import GapMetric, TargetSpec, WorkspaceSpec
from core.errors import BadInput, NotFound, Refused
from core.models.grouping import JOINT

USUAL: GapMetric = "equalised_odds"
NO_ATTRIBUTE = (
    "No attribute of this workspace is marked as sensitive, so there are no groups to compare. Write "
    '`[[attributes]]`, `name = "sex"`, `sensitive = true` into the workspace file and import it again.'
)


@dataclass(frozen=True, slots=True)
class Question:
    """A trade-off of one target between groups of one attribute."""

    target: TargetSpec
    attribute: str
    metric: GapMetric

    @property
    def positive(self) -> int:
        """Index of the class whose selection is compared between groups."""
        return self.target.classes.index(self.target.positive_class)


def attributes(spec: WorkspaceSpec) -> tuple[str, ...]:
    """Return what can be asked about: sensitive attributes, then the intersections that a policy names."""
    single = [attribute.name for attribute in spec.attributes if attribute.sensitive]
    return tuple(dict.fromkeys([*single, *(policy.attribute for policy in spec.fairness)]))


def question(
    spec: WorkspaceSpec, target: str | None = None, attribute: str | None = None, metric: GapMetric | None = None
) -> Question:
    """Return what is asked; what is left out is as the workspace's first policy has it.

    Raises
    ------
    Refused
        When the workspace has no sensitive attribute.
    NotFound
        When the target or the attribute is unknown.
    BadInput
        When the metric is.
    """
    known = attributes(spec)
    if not known:
        raise Refused(NO_ATTRIBUTE)
    policy = spec.fairness[0] if spec.fairness else None
    chosen = attribute or (policy.attribute if policy else known[0])
    if chosen not in known and any(part not in known for part in chosen.split(JOINT)):
        raise NotFound(f"{chosen!r} is no sensitive attribute of {spec.name!r}. Known: {', '.join(known)}.")
    asked = metric or (policy.metric if policy else USUAL)
    if asked not in get_args(GapMetric):
        raise BadInput(f"There is no gap {asked!r}. Known: {', '.join(get_args(GapMetric))}.")
    return Question(_target(spec, target or (policy.target if policy else None)), chosen, asked)


def _target(spec: WorkspaceSpec, name: str | None) -> TargetSpec:
    for target in spec.targets:
        if name is None or target.name == name:
            return target
    raise NotFound(f"{spec.name!r} has no target {name!r}. Known: {', '.join(one.name for one in spec.targets)}.")
