"""Integrated gradients as they add up along the path: what is on the account at each place."""

from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor

from explain.answer import Computed, answer
from explain.base import Subject
from explain.errors import ExplainError
from explain.path import NODES, Interval, Span, integrate, logits_on_path
from explain.quality import completeness_scale
from explain.validation import Case

MOST_STEPS = 64
MOST_GRADIENTS = 512
TOLERANCE = 0.05
"""Error of the whole sum to aim for, relative as the completeness error."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """One place of the path with the attributions up to there."""

    place: float
    """0 is the baseline, 1 the input."""
    logit: float
    values: tuple[Tensor, ...]
    """One per input, of its shape without the batch; float32 on the CPU. At the baseline all are zero."""


def along(
    subject: Subject,
    inputs: tuple[Tensor, ...],
    label: int,
    baselines: tuple[Tensor, ...] | None = None,
    *,
    steps: int = 12,
) -> tuple[Place, ...]:
    """Return `steps` + 1 evenly spread places from baseline to input, with the integrated gradients so far.

    The sum of the values at a place equals its logit minus the first, but for the error of the integration; the worst
    intervals are halved until the errors together are within 5 % of the change, or 512 gradients are spent.

    Parameters
    ----------
    subject, inputs, label, baselines
        As for `explain.base.Explainer.explain`.
    steps
        Parts of the path, 1..64.

    Raises
    ------
    ExplainError
        When the question or `steps` can't be used.

    References
    ----------
    Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks, 2017.
    """
    if not 1 <= steps <= MOST_STEPS:
        raise ExplainError(f"the path has 1..{MOST_STEPS} steps, got {steps}.")
    found: list[Interval] = []

    def compute(case: Case) -> Computed:
        found[:] = _refined(case, _first(case, steps))
        return Computed(tuple(_sum_of(part) for part in zip(*(one.parts for one in found), strict=True)))

    answer(subject, inputs, label, baselines, signed=True, compute=compute)
    return _places(found, steps)


def _first(case: Case, steps: int) -> list[Interval]:
    places = [n / steps for n in range(steps + 1)]
    ends = pairwise(zip(places, logits_on_path(case, places), strict=True))
    return integrate(case, [Span(start, end, f_start, f_end) for (start, f_start), (end, f_end) in ends])


def _refined(case: Case, intervals: list[Interval]) -> list[Interval]:
    """Halve the worst intervals until their errors together are small."""
    change = intervals[-1].span.f_end - intervals[0].span.f_start
    allowed = TOLERANCE * completeness_scale(change, case.scale)
    spent = NODES * len(intervals)
    while sum(abs(one.error) for one in intervals) > allowed and spent + 2 * NODES <= MOST_GRADIENTS:
        worst = max(intervals, key=lambda one: abs(one.error))
        (middle,) = logits_on_path(case, [worst.span.middle])
        place = intervals.index(worst)
        intervals[place : place + 1] = integrate(case, list(worst.span.halves(middle)))
        spent += 2 * NODES
    return intervals


def _places(intervals: list[Interval], steps: int) -> tuple[Place, ...]:
    """Add intervals up, in the order of the path, to the places where steps end."""
    ordered = sorted(intervals, key=lambda one: one.span.start)
    so_far = tuple(part * 0.0 for part in ordered[0].parts)
    places = [_place(0.0, ordered[0].span.f_start, so_far)]
    for one in ordered:
        so_far = tuple(total + part for total, part in zip(so_far, one.parts, strict=True))
        if one.span.end >= len(places) / steps - 1e-9:
            places.append(_place(one.span.end, one.span.f_end, so_far))
    return tuple(places)


def _place(at: float, logit: float, values: tuple[Tensor, ...]) -> Place:
    return Place(at, logit, tuple(value.detach().cpu().float() for value in values))


def _sum_of(parts: tuple[Tensor, ...]) -> Tensor:
    """Return the sum of tensors of one shape, with a batch of one in front."""
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total.unsqueeze(0)
