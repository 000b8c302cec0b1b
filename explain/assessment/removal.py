"""One case while its parts go: in random orders, in the order of its edges, in the order of a map."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from explain.assessment.answers import Replacing, probabilities, replacing
from explain.assessment.edges import edge_totals
from explain.assessment.imputation import Fill, fill
from explain.assessment.parts import CELLS, Parts, parts_of
from explain.base import Subject

CurveFill = Literal["mean", "blur"]
FEWEST_STEPS = 4


@dataclass(frozen=True, slots=True)
class Plan:
    """How closely to look."""

    steps: int = 16
    orders: int = 10
    """Random maps."""
    cells: int = CELLS
    """Parts along each side of a picture."""
    seed: int = 0
    temperature: float = 1.0
    """What logits are divided by before the softmax."""
    max_rows: int = 320
    """Most rows that may go through the model; fewer steps are taken when they would not do."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """One case with one fill: what maps that know nothing of the model reach."""

    asked: Replacing
    label: int
    how: CurveFill
    plan: Plan
    cuts: tuple[int, ...]
    """How many parts are removed at each step, 0 to all."""
    ends: tuple[float, float]
    """Probability with everything and with nothing."""
    random: Tensor
    """Probabilities [orders, steps + 1] while parts go in random orders. Read backwards, a row is an insertion."""
    edge: tuple[Tensor, Tensor] | None
    """Deletion and insertion [steps + 1] in the order of an edge map."""

    @property
    def random_areas(self) -> list[float]:
        """Areas under the random curves; the same for deletion and insertion."""
        return [area(row, self.cuts) for row in self.random]


def fills_of(subject: Subject) -> tuple[CurveFill, ...]:
    """Return how parts of such cases can be removed."""
    return ("mean", "blur") if "image" in subject.kinds else ("mean",)


def reference_of(
    subject: Subject,
    inputs: tuple[Tensor, ...],
    parts: Parts,
    label: int,
    neutral: tuple[Tensor, ...],
    how: CurveFill,
    plan: Plan,
) -> Reference | None:
    """Return what random maps and an edge map reach on a case; None when it has a single part."""
    if parts.count < 2:
        return None
    cuts = cuts_of(parts.count, _affordable_steps(subject, plan))
    asked = replacing(subject, inputs, parts, absent(subject, inputs, how, neutral))
    ends = probabilities(asked, torch.tensor([[False], [True]]).expand(2, parts.count), label, plan.temperature)
    empty = torch.zeros(0, len(cuts), dtype=torch.float64)
    start = Reference(asked, label, how, plan, cuts, (float(ends[0]), float(ends[1])), empty, None)
    generator = torch.Generator().manual_seed(plan.seed)
    orders = torch.stack([torch.randperm(parts.count, generator=generator) for _ in range(plan.orders)])
    random = _walked(start, _removed(orders, cuts))
    edges = edge_totals(parts, asked.case.inputs)
    edge = None if edges is None else along(start, edges)
    return Reference(asked, label, how, plan, cuts, start.ends, random, edge)


def absent(
    subject: Subject, inputs: tuple[Tensor, ...], how: Fill, neutral: tuple[Tensor, ...], seed: int = 0
) -> tuple[Tensor, ...]:
    """Return the inputs of a case without anything: see `explain.assessment.imputation.fill`."""
    everything = [torch.ones_like(places, dtype=torch.bool) for places in parts_of(subject, inputs).places]
    return fill(subject, inputs, everything, how, neutral, seed)


def along(reference: Reference, totals: Tensor) -> tuple[Tensor, Tensor]:
    """Return deletion and insertion [steps + 1] in the order of parts' totals [parts], largest first."""
    order = ranked(totals, reference.plan.seed)[None]
    deletion = _removed(order, reference.cuts)
    insertion = ~deletion
    walked = _walked(reference, torch.cat([deletion, insertion.flip(1)]))
    return walked[0], walked[1].flip(0)


def ranked(totals: Tensor, seed: int) -> Tensor:
    """Return the parts [parts] from the largest total to the smallest; ties in a random but fixed order."""
    mixed = torch.randperm(len(totals), generator=torch.Generator().manual_seed(seed))
    return mixed[torch.argsort(totals[mixed], descending=True, stable=True)]


def cuts_of(count: int, steps: int) -> tuple[int, ...]:
    """Return how many of `count` parts are gone after each step; the same read from either end.

    Examples
    --------
    >>> cuts_of(10, 4)
    (0, 2, 5, 8, 10)
    """
    steps = min(steps, count)
    half = [n * count // steps for n in range(steps // 2 + 1)]
    return tuple(sorted({*half, *(count - cut for cut in half)}))


def area(values: Tensor, cuts: Sequence[int]) -> float:
    """Return the area under a curve [steps + 1] over shares of parts, 0 to 1 (trapezoids)."""
    return float(torch.trapezoid(values, torch.tensor(cuts, dtype=values.dtype) / cuts[-1]))


def _removed(orders: Tensor, cuts: Sequence[int]) -> Tensor:
    """Return which parts are gone at each step of each order [orders, parts]: [orders, steps + 1, parts]."""
    ranks = torch.argsort(orders, dim=1)  # place of each part in the order
    return ranks[:, None, :] < torch.tensor(cuts)[None, :, None]


def _walked(reference: Reference, removed: Tensor) -> Tensor:
    """Return probabilities [orders, steps + 1] of removed parts [orders, steps + 1, parts]; the ends are known."""
    inner = removed[:, 1:-1].reshape(-1, removed.shape[-1])
    walked = torch.tensor(reference.ends, dtype=torch.float64).repeat(len(removed), 1)
    plan = reference.plan
    middle = probabilities(reference.asked, inner, reference.label, plan.temperature) if len(inner) else torch.zeros(0)
    return torch.cat([walked[:, :1], middle.double().reshape(len(removed), -1), walked[:, 1:]], dim=1)


def _affordable_steps(subject: Subject, plan: Plan) -> int:
    """Return the number of steps that `max_rows` pays for."""
    fills = len(fills_of(subject))
    orders = plan.orders + (4 if set(subject.kinds) == {"image"} else 2)
    steps = 1 + math.floor((plan.max_rows / fills - 2) / orders)
    return max(FEWEST_STEPS, min(plan.steps, steps))
