"""The integral of the gradient along the straight path from baseline to input, one interval at a time."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from explain.batches import rows_for
from explain.errors import ExplainError
from explain.validation import Case

NODES = 4
"""Gauss-Legendre nodes in an interval: exact for polynomials of degree 7, cheap enough to throw away on a kink."""


@dataclass(frozen=True, slots=True, eq=False)
class Interval:
    """The part of the path from `start` to `end` (0 is the baseline, 1 the input)."""

    start: float
    end: float
    f_start: float
    f_end: float
    parts: tuple[Tensor, ...]
    """Attributions that this part of the path contributes, one per input."""
    total: float
    """Their sum."""

    @property
    def error(self) -> float:
        """How far the sum is from the change of F over the interval; forward passes alone tell."""
        return self.total - (self.f_end - self.f_start)

    @property
    def middle(self) -> float:
        """Where it is cut in two."""
        return (self.start + self.end) / 2


@dataclass(frozen=True, slots=True)
class Span:
    """An interval not yet integrated."""

    start: float
    end: float
    f_start: float
    f_end: float


def nodes_and_weights() -> tuple[np.ndarray, np.ndarray]:
    """Return the Gauss-Legendre nodes and weights on 0..1."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return (nodes + 1) / 2, weights / 2


def points_on_path(case: Case, alphas: Tensor) -> tuple[Tensor, ...]:
    """Return baseline + alpha (input - baseline) for each alpha [R], as tensors [R, ...]."""
    return tuple(
        base + alphas.view(-1, *[1] * (item.ndim - 1)) * (item - base)
        for item, base in zip(case.inputs, case.baselines, strict=True)
    )


def logits_on_path(case: Case, places: list[float]) -> list[float]:
    """Return F at each place of the path, by forward passes alone."""
    rows = rows_for(case.inputs)
    values: list[float] = []
    with torch.no_grad():
        for first in range(0, len(places), rows):
            alphas = torch.tensor(places[first : first + rows], dtype=torch.float32, device=case.device)
            values += case.logit(*points_on_path(case, alphas)).double().tolist()
    return values


def integrate(case: Case, spans: list[Span]) -> list[Interval]:
    """Return the spans with their attributions; costs `NODES` gradients each, in batches of whole spans."""
    at_once = max(1, rows_for(case.inputs) // NODES)
    done: list[Interval] = []
    for first in range(0, len(spans), at_once):
        done += _integrate_batch(case, spans[first : first + at_once])
    return done


def _integrate_batch(case: Case, spans: list[Span]) -> list[Interval]:
    nodes, weights = nodes_and_weights()
    places = [span.start + float(node) * (span.end - span.start) for span in spans for node in nodes]
    gradients = _gradients(case, places)
    weight = torch.tensor(weights, dtype=torch.float32, device=case.device)
    done = []
    for number, span in enumerate(spans):
        rows = slice(number * NODES, (number + 1) * NODES)
        parts = tuple(
            torch.tensordot(weight, gradient[rows], dims=1) * (item - base)[0] * (span.end - span.start)
            for gradient, item, base in zip(gradients, case.inputs, case.baselines, strict=True)
        )
        total = sum(float(part.double().sum()) for part in parts)
        done.append(Interval(span.start, span.end, span.f_start, span.f_end, parts, total))
    return done


def _gradients(case: Case, places: list[float]) -> tuple[Tensor, ...]:
    """Return dF/dx at each place, [R, ...] for each input."""
    alphas = torch.tensor(places, dtype=torch.float32, device=case.device)
    points = tuple(point.requires_grad_() for point in points_on_path(case, alphas))
    logits = case.logit(*points)
    if not logits.requires_grad:
        raise ExplainError("the model's answer has no gradient by its inputs; choose a method that needs none.")
    return torch.autograd.grad(logits.sum(), points, allow_unused=True, materialize_grads=True)
