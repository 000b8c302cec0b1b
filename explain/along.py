"""Integrated gradients as they add up along the path: what is on the account at each place."""

from dataclasses import dataclass

from torch import Tensor

from explain.answer import Computed, answer
from explain.base import Subject
from explain.errors import ExplainError
from explain.path import Interval, Node, Path
from explain.refinement import FIRST_PLACES, refined_path
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

    The sum of the values at a place equals its logit minus the first, but for the error of the integration; the path
    is refined as that of integrated gradients, to 5 % of the change or 512 gradients.

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
    first = sorted({*FIRST_PLACES, *(n / steps for n in range(steps + 1))})
    found: list[Path] = []

    def compute(case: Case) -> Computed:
        found[:] = [refined_path(case, TOLERANCE, MOST_GRADIENTS, first)]
        return Computed(tuple(value.unsqueeze(0) for value in found[0].attributions))

    answer(subject, inputs, label, baselines, signed=True, compute=compute)
    return _places(found[0], steps)


def _places(path: Path, steps: int) -> tuple[Place, ...]:
    """Add intervals up, in the order of the path, to the places where steps end."""
    start = path.intervals[0].start
    so_far = tuple(part * 0.0 for part in start.parts)
    places = [_place(start, so_far)]
    for interval in path.intervals:
        so_far = tuple(total + part for total, part in zip(so_far, _parts(interval), strict=True))
        if interval.end.place >= len(places) / steps - 1e-9:
            places.append(_place(interval.end, so_far))
    return tuple(places)


def _parts(interval: Interval) -> tuple[Tensor, ...]:
    """Return what an interval adds to each input's attributions."""
    pairs = zip(interval.start.parts, interval.end.parts, strict=True)
    return tuple((first + last) / 2 * interval.length for first, last in pairs)


def _place(at: Node, values: tuple[Tensor, ...]) -> Place:
    return Place(at.place, at.logit, tuple(value.detach().cpu().float() for value in values))
