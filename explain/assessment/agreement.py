"""How alike two maps of one case are, over its parts."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from explain.assessment.parts import Parts
from explain.base import Attribution

HOTTEST = 0.1
"""Share of the parts that counts as hottest."""
FEWEST = 3
"""Fewer parts have no ranks worth comparing: with two, any maps agree fully or not at all."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How alike two maps are."""

    correlation: float
    """Spearman rank correlation, -1 to 1."""
    overlap: float
    """Share of the hottest tenth of the parts that both have, 0 to 1."""


def spearman(one: Tensor, other: Tensor) -> float | None:
    """Return the rank correlation of two vectors, -1 to 1; ties share their mean rank.

    None when there are fewer than three values or all of one vector are equal: it has no order then.

    Examples
    --------
    >>> spearman(torch.tensor([1.0, 2.0, 4.0]), torch.tensor([1.0, 3.0, 9.0]))
    1.0
    """
    if len(one) < FEWEST:
        return None
    first, second = (_centred_ranks(values) for values in (one, other))
    size = math.sqrt(float(first @ first) * float(second @ second))
    return None if size == 0 else max(-1.0, min(1.0, float(first @ second) / size))


def hottest_overlap(one: Tensor, other: Tensor) -> float:
    """Return which share of the hottest tenth (at least one) of the values, by size, both vectors have."""
    count = max(1, round(HOTTEST * len(one)))
    first, second = (set(_by_size(values)[:count]) for values in (one, other))
    return len(first & second) / count


def dependence(parts: Parts, one: Attribution, other: Attribution) -> float | None:
    """Return the rank correlation of two maps over the parts, -1 to 1.

    When one of them has no direction (`signed` is false), sizes are compared. A flat map, equal everywhere, shares no
    order with one that is not: 0. None when both are flat or there are fewer than three parts.
    """
    return correlation(*_comparable(parts, one, other))


def agreement(parts: Parts, one: Attribution, other: Attribution) -> Agreement | None:
    """Return how alike the maps of two methods are; see `dependence`."""
    return agreement_of(*_comparable(parts, one, other))


def agreement_of(one: Tensor, other: Tensor) -> Agreement | None:
    """Return how alike two vectors of parts' totals are, None where there is nothing to compare."""
    found = correlation(one, other)
    return None if found is None else Agreement(found, hottest_overlap(one, other))


def correlation(one: Tensor, other: Tensor) -> float | None:
    """Return the rank correlation of two vectors, 0 when just one of them is flat; else as `spearman`."""
    found = spearman(one, other)
    if found is None and len(one) >= FEWEST and is_flat(one) != is_flat(other):
        return 0.0
    return found


def is_flat(values: Tensor) -> bool:
    """Return whether all values are equal: there is no order."""
    return bool((values == values[0]).all())


def _comparable(parts: Parts, one: Attribution, other: Attribution) -> tuple[Tensor, Tensor]:
    first, second = parts.totals(one.values), parts.totals(other.values)
    return (first, second) if one.signed and other.signed else (first.abs(), second.abs())


def _centred_ranks(values: Tensor) -> Tensor:
    _, place, counts = torch.unique(values, return_inverse=True, return_counts=True)
    mean_ranks = counts.cumsum(0).double() - (counts - 1) / 2
    ranks: Tensor = mean_ranks[place]
    return ranks - ranks.mean()


def _by_size(values: Tensor) -> list[int]:
    order: list[int] = torch.argsort(values.abs(), descending=True, stable=True).tolist()
    return order
