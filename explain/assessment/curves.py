"""Deletion and insertion: how fast the answer goes and comes with what a map calls important, next to no map."""

from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from explain.assessment.intervals import Estimate, next_interval
from explain.assessment.parts import parts_of
from explain.assessment.removal import CurveFill, Plan, Reference, along, area, fills_of, reference_of
from explain.base import Attribution, Subject
from explain.errors import ExplainError

CurveName = Literal["deletion", "insertion"]
ROUNDING = 1e-9
"""Areas that differ by less are equal."""


@dataclass(frozen=True, slots=True)
class Curve:
    """The label's probability while the hottest parts go (or come) first."""

    name: CurveName
    fill: CurveFill
    shares: tuple[float, ...]
    """Share of the parts removed or put in, 0 to 1, ascending."""
    values: tuple[float, ...]
    random_mean: tuple[float, ...]
    random_low: tuple[float, ...]
    random_high: tuple[float, ...]
    """The same with random orders: mean, and where the next random order lies with 95 %."""
    edge: tuple[float, ...] = ()
    """The same in the order of an edge map (pictures alone)."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Area under a curve of one map, against the areas of random maps and of an edge map."""

    curve: CurveName
    fill: CurveFill
    area: float
    """Deletion: lower is better; insertion: higher is better. 0 to 1."""
    random: Estimate
    """Mean over random maps, and where the next random map lies with 95 %; n orders."""
    edge: float | None
    better_than_random: bool | None
    """None when the interval of random maps holds the area."""


@dataclass(frozen=True, slots=True)
class Curves:
    """What removal says of one map."""

    curves: tuple[Curve, ...]
    comparisons: tuple[Comparison, ...]
    rows: int
    """Rows that went through the model."""


def curves(
    subject: Subject,
    inputs: tuple[Tensor, ...],
    attribution: Attribution,
    label: int,
    neutral: tuple[Tensor, ...],
    plan: Plan | None = None,
) -> Curves:
    """Return deletion and insertion curves of one map for every fill, next to random maps and an edge map.

    Pictures are filled with their mean colour and with a blur; other fields have one way to be absent, told as `mean`.
    A case of one part has no order and no curves.

    Parameters
    ----------
    subject, inputs, label
        The question that `attribution` answers (of a contrast: the plain subject).
    attribution
        The map; its parts are ranked by their sum, largest (most supportive) first.
    neutral
        The 'absent' input, for numbers and categories.
    plan
        How closely to look.

    Raises
    ------
    ExplainError
        When the model fails or the map is not one of this case.

    References
    ----------
    Petsiuk, Das, Saenko: RISE, 2018.
    """
    plan = plan or Plan()
    parts = parts_of(subject, inputs, plan.cells)
    found: list[tuple[Curve, Comparison]] = []
    rows = 0
    for how in fills_of(subject):
        reference = reference_of(subject, inputs, parts, label, neutral, how, plan)
        if reference is None:
            return Curves((), (), 0)
        rows += 2 + (len(reference.cuts) - 2) * (plan.orders + (2 if reference.edge is None else 4))
        found += _told(reference, along(reference, parts.totals(attribution.values)))
    return Curves(tuple(curve for curve, _ in found), tuple(comparison for _, comparison in found), rows)


def better(name: CurveName, own: float, random: Estimate) -> bool | None:
    """Return whether an area is better than that of random maps; None when their interval holds it."""
    if random.low - ROUNDING <= own <= random.high + ROUNDING:
        return None
    return own < random.low if name == "deletion" else own > random.high


def _told(reference: Reference, own: tuple[Tensor, Tensor]) -> list[tuple[Curve, Comparison]]:
    random = next_interval(reference.random_areas, 0.0, 1.0)
    if random is None:
        raise ExplainError(f"an interval needs at least 2 random maps, got {reference.plan.orders}.")
    columns = [next_interval(column.tolist(), 0.0, 1.0) for column in reference.random.T]
    band = [column for column in columns if column is not None]
    names: tuple[CurveName, CurveName] = ("deletion", "insertion")
    told = []
    for number, name in enumerate(names):
        levels = band if name == "deletion" else band[::-1]
        edge = None if reference.edge is None else reference.edge[number]
        curve = Curve(
            name,
            reference.how,
            tuple(cut / reference.cuts[-1] for cut in reference.cuts),
            tuple(own[number].tolist()),
            tuple(level.value for level in levels),
            tuple(level.low for level in levels),
            tuple(level.high for level in levels),
            () if edge is None else tuple(edge.tolist()),
        )
        size = area(own[number], reference.cuts)
        at_edge = None if edge is None else area(edge, reference.cuts)
        told.append((curve, Comparison(name, reference.how, size, random, at_edge, better(name, size, random))))
    return told
