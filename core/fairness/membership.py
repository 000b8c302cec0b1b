"""Which group of an attribute each case is in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.contracts import FairnessAim, WorkspaceSpec
from core.models.grouping import JOINT, group_of

__all__ = ["JOINT", "UNKNOWN", "Membership", "group_of", "grouped_by", "membership"]

UNKNOWN = -1
"""Group of a case that lacks the attribute."""


@dataclass(frozen=True, slots=True, eq=False)
class Membership:
    """The groups of one attribute, or of the intersections of several, among training and validation cases."""

    attribute: str
    names: tuple[str, ...]
    train: Tensor
    """Index into `names` of each training case, int64 [cases]; -1 where unknown."""
    validation: Tensor


def grouped_by(spec: WorkspaceSpec, aim: FairnessAim | None = None) -> tuple[str, ...]:
    """Return what cases are grouped by: each sensitive attribute, what policies name, and what a training aims at."""
    named = [attribute.name for attribute in spec.attributes if attribute.sensitive]
    named += [policy.attribute for policy in spec.fairness] + ([] if aim is None else [aim.attribute])
    return tuple(dict.fromkeys(named))


def membership(
    train: Sequence[Mapping[str, str]], validation: Sequence[Mapping[str, str]], attribute: str
) -> Membership:
    """Return the groups of `attribute` that training cases are in, by name; others are unknown."""
    own = [group_of(row, attribute) for row in train]
    names = tuple(sorted({name for name in own if name is not None}))
    places = {name: place for place, name in enumerate(names)}

    def codes(found: Sequence[str | None]) -> Tensor:
        return torch.tensor([places.get(str(name), UNKNOWN) for name in found], dtype=torch.int64)

    return Membership(attribute, names, codes(own), codes([group_of(row, attribute) for row in validation]))
