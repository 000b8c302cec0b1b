"""The integral of the gradient along the straight path from baseline to input, by trapezoids between nodes.

A node costs one gradient and brings the logit with it. So the sum of each interval's attributions can be held against
the change of the logit between its ends at no further cost, and cutting an interval in two costs one gradient, since
both ends are used again. On radiographs and EfficientNet-lite0 (thousands of kinks on the path, most of them in its
first eighth), that took 42 gradients where intervals of two Gauss-Legendre nodes took 96 and forward passes besides.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import torch
from torch import Tensor

from explain.gradients import gradients_of
from explain.validation import Case


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One place of the path: 0 is the baseline, 1 the input."""

    place: float
    logit: float
    parts: tuple[Tensor, ...]
    """(input - baseline) x gradient, one per input, without the batch."""
    total: float
    """Their sum: the slope of the logit along the path."""


@dataclass(frozen=True, slots=True, eq=False)
class Interval:
    """The part of the path between two neighbouring nodes."""

    start: Node
    end: Node
    bend: float
    """Half the length times the distance between the slopes of both ends, over all inputs: how far the map of this
    interval may be wrong. Zero where the gradient stays the same."""

    @property
    def length(self) -> float:
        """Share of the path, 0..1."""
        return self.end.place - self.start.place

    @property
    def change(self) -> float:
        """What the logit changes by."""
        return self.end.logit - self.start.logit

    @property
    def error(self) -> float:
        """How far the sum of this interval's attributions is from the change of the logit; signed."""
        return (self.start.total + self.end.total) / 2 * self.length - self.change


@dataclass(frozen=True, eq=False)
class Path:
    """The path with what is known of it."""

    intervals: tuple[Interval, ...]
    """In order, from the baseline to the input."""

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes in order."""
        return (self.intervals[0].start, *(interval.end for interval in self.intervals))

    @property
    def change(self) -> float:
        """F(input) - F(baseline)."""
        return self.intervals[-1].end.logit - self.intervals[0].start.logit

    @cached_property
    def error(self) -> float:
        """Sum of all attributions minus `change`."""
        return math.fsum(interval.error for interval in self.intervals)

    @cached_property
    def unsigned_error(self) -> float:
        """Sum of the sizes of the intervals' errors over that of their changes; errors can't cancel here."""
        errors = math.fsum(abs(interval.error) for interval in self.intervals)
        changes = math.fsum(abs(interval.change) for interval in self.intervals)
        return errors / changes if changes > 0 else 0.0

    @cached_property
    def size(self) -> float:
        """Euclidean length of the map."""
        return _length(self.attributions)

    @cached_property
    def map_error(self) -> float:
        """How far the map may be wrong as a share of its length, were the intervals' errors independent.

        `sqrt(sum of bend^2) / length of the map`; 0 is best. Measured on radiographs, the true error was 0.5 to 0.7 of
        it; a share of e leaves a cosine of about 1 - e^2 / 2 with the exact map.
        """
        bends = math.hypot(*(interval.bend for interval in self.intervals))
        return bends / self.size if bends > 0 else 0.0

    @cached_property
    def attributions(self) -> tuple[Tensor, ...]:
        """The integral, one tensor per input, without the batch."""
        sums = tuple(torch.zeros_like(part) for part in self.intervals[0].start.parts)
        for node, weight in zip(self.nodes, self._weights(), strict=True):
            for total, part in zip(sums, node.parts, strict=True):
                total.add_(part, alpha=weight)
        return sums

    def refined(self, nodes: Sequence[Node]) -> "Path":
        """Return the path with further nodes between the present ones."""
        added = sorted(nodes, key=lambda node: node.place)
        intervals: list[Interval] = []
        for interval in self.intervals:
            inside = [node for node in added if interval.start.place < node.place < interval.end.place]
            intervals += _intervals((interval.start, *inside, interval.end)) if inside else [interval]
        return Path(tuple(intervals))

    def _weights(self) -> list[float]:
        """Return for each node half the length of both intervals beside it."""
        halves = [0.0, *(interval.length / 2 for interval in self.intervals), 0.0]
        return [before + after for before, after in pairwise(halves)]


def path_through(nodes: Iterable[Node]) -> Path:
    """Return the path through nodes, two or more, the first at the baseline and the last at the input."""
    return Path(tuple(_intervals(tuple(nodes))))


def nodes_at(case: Case, places: Sequence[float]) -> list[Node]:
    """Return the nodes at places 0..1 of the path; costs one gradient each.

    Raises
    ------
    ExplainError
        When the answer has no graph to its inputs.
    """
    nodes: list[Node] = []
    for first in range(0, len(places), case.rows):
        nodes += _batch(case, places[first : first + case.rows])
    return nodes


def _batch(case: Case, places: Sequence[float]) -> list[Node]:
    points = _points(case, places)
    logits = case.logit(*points)
    gradients = gradients_of(logits.sum(), points)
    ways = (item - base for item, base in zip(case.inputs, case.baselines, strict=True))
    slopes = tuple(gradient * way for gradient, way in zip(gradients, ways, strict=True))  # each [R, ...]
    totals = torch.stack([slope.double().flatten(1).sum(dim=1) for slope in slopes]).sum(dim=0)  # [R]
    values = logits.detach().double().tolist()
    return [
        Node(place, logit, tuple(slope[row] for slope in slopes), total)
        for row, (place, logit, total) in enumerate(zip(places, values, totals.tolist(), strict=True))
    ]


def _points(case: Case, places: Sequence[float]) -> tuple[Tensor, ...]:
    """Return baseline + place (input - baseline) for each place, [R, ...] for each input, ready for gradients."""
    along = torch.tensor(places, dtype=torch.float32, device=case.device)
    pairs = zip(case.inputs, case.baselines, strict=True)
    mixed = (torch.lerp(base, item, along.view(-1, *[1] * (item.ndim - 1))) for item, base in pairs)
    return tuple(point.requires_grad_() for point in mixed)


def _intervals(nodes: Sequence[Node]) -> list[Interval]:
    return [Interval(start, end, _bend(start, end)) for start, end in pairwise(nodes)]


def _bend(start: Node, end: Node) -> float:
    apart = tuple(last - first for first, last in zip(start.parts, end.parts, strict=True))
    return _length(apart) * (end.place - start.place) / 2


def _length(parts: Sequence[Tensor]) -> float:
    """Return the Euclidean length over all inputs."""
    return float(torch.stack([torch.linalg.vector_norm(part) for part in parts]).norm())
