"""Integrated gradients on a path that is refined where forward passes show that it must be."""

from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor

from explain.answer import Computed, answer
from explain.base import Attribution, Cost, Family, Option, OptionValue, Subject
from explain.compatibility import has_input_gradient
from explain.errors import ExplainError
from explain.path import NODES, Interval, Span, integrate, logits_on_path
from explain.quality import completeness_error, completeness_scale
from explain.validation import Case, checked_options

FIRST_INTERVALS = 16
"""Equal parts of the path to begin with."""
NARROWEST = 2.0**-14
"""Narrower intervals are not cut again: single precision cannot tell their ends apart much further."""


class IntegratedGradients:
    """(x - b) times the mean gradient between baseline b and input x; the values add up to F(x) - F(b).

    The path is cut into intervals, each integrated with Gauss-Legendre nodes. The sum over an interval must equal
    the change of F between its ends, so the error of each is known; the worst ones are halved until the
    completeness error is at most `tolerance` or `max_steps` gradients are spent. The error reached is in the result.

    References
    ----------
    Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks, 2017.
    """

    name = "integrated_gradients"
    title = "Integrated gradients"
    what = "How each part of the input moved this answer, on the way from a neutral input (black, average, no word)."
    what_not = "Not a cause in the world, and not what another neutral input would have shown."
    signed = True
    family: Family = "gradient"
    reads_baseline = True

    def config_spec(self) -> tuple[Option, ...]:
        """Return aim and limit."""
        return (
            Option("tolerance", "Completeness error to aim for", "float", 0.05, 0.001, 0.5),
            Option("max_steps", "Most gradient evaluations", "int", 512, FIRST_INTERVALS * NODES, 2048),
        )

    def cost(
        self, subject: Subject, inputs: tuple[Tensor, ...], options: Mapping[str, OptionValue] | None = None
    ) -> Cost:
        """Return the estimated work of one map."""
        steps = 3 * FIRST_INTERVALS * NODES
        return Cost(2 * steps, steps)

    def is_compatible(self, subject: Subject, inputs: tuple[Tensor, ...]) -> bool:
        """Return whether the answer has a gradient by the inputs; the completeness error tells how right it is."""
        return has_input_gradient(subject, inputs, zero_is_fine=True)

    def explain(
        self,
        subject: Subject,
        inputs: tuple[Tensor, ...],
        label: int,
        baselines: tuple[Tensor, ...] | None = None,
        options: Mapping[str, OptionValue] | None = None,
    ) -> Attribution:
        """Return integrated gradients; see `explain.base.Explainer.explain`."""
        chosen = checked_options(self, options)
        tolerance, limit = float(chosen["tolerance"]), int(chosen["max_steps"])
        return answer(
            subject,
            inputs,
            label,
            baselines,
            signed=self.signed,
            compute=lambda case: _along_the_path(case, tolerance, limit),
        )


def _along_the_path(case: Case, tolerance: float, limit: int) -> Computed:
    if not all(item.is_floating_point() for item in case.inputs):
        raise ExplainError("integrated gradients need inputs of floats; give this model's inputs as floats.")
    intervals = _first_intervals(case)
    steps = NODES * len(intervals)
    difference = intervals[-1].span.f_end - intervals[0].span.f_start
    allowed = tolerance * completeness_scale(difference, case.scale)
    while abs(sum(interval.error for interval in intervals)) > allowed:
        worst = _to_halve(intervals, allowed, case.rows, limit - steps)
        if not worst:
            break
        intervals = [interval for interval in intervals if interval not in worst] + _halved(case, worst)
        steps += 2 * NODES * len(worst)
    error = completeness_error(sum(interval.total for interval in intervals), difference, case.scale)
    parts = zip(*(interval.parts for interval in intervals), strict=True)
    values = tuple(sum(part, start=torch.zeros_like(part[0])).unsqueeze(0) for part in parts)
    return Computed(values, error, error <= tolerance, steps)


def _first_intervals(case: Case) -> list[Interval]:
    places = [n / FIRST_INTERVALS for n in range(FIRST_INTERVALS + 1)]
    ends = pairwise(zip(places, logits_on_path(case, places), strict=True))
    return integrate(case, [Span(start, end, f_start, f_end) for (start, f_start), (end, f_end) in ends])


def _to_halve(intervals: list[Interval], allowed: float, rows: int, budget: int) -> list[Interval]:
    """Return the worst intervals: as many as one batch holds, the budget pays for and the aim needs."""
    divisible = [interval for interval in intervals if interval.span.length > NARROWEST]
    ranked = sorted(divisible, key=lambda interval: (-abs(interval.error), interval.span.start))
    room = min(max(1, rows // (2 * NODES)), budget // (2 * NODES))
    left = sum(abs(interval.error) for interval in ranked)
    chosen: list[Interval] = []
    for interval in ranked[:room]:
        if left <= allowed / 2:
            break
        chosen.append(interval)
        left -= abs(interval.error)
    return chosen


def _halved(case: Case, worst: list[Interval]) -> list[Interval]:
    middles = logits_on_path(case, [interval.span.middle for interval in worst])
    pairs = zip(worst, middles, strict=True)
    return integrate(case, [half for interval, f_middle in pairs for half in interval.span.halves(f_middle)])
