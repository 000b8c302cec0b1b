"""Expected gradients: integrated gradients averaged over other cases as baselines."""

from dataclasses import dataclass

import torch
from torch import Tensor

from explain.answer import Computed
from explain.base import Cost, Option, Subject
from explain.compatibility import has_input_gradient
from explain.errors import ExplainError
from explain.features import real_places
from explain.gradients import gradients_at
from explain.method import Chosen, Method
from explain.quality import added_up, completeness_error
from explain.sampling import SEED, SumOfDraws, standard_error
from explain.validation import Case

TOLERANCE = 0.05
"""Completeness error up to which the values count as adding up."""
UNFIT = (
    "expected gradients need background cases, other cases of the same form, and got none. "
    "Try integrated gradients or occlusion."
)


class ExpectedGradients(Method):
    """Mean over background cases b and places a on the way of (x - b) dF/dx at b + a (x - b).

    The values add up to F(x) minus the mean of F over the background, as closely as the completeness error says. Each
    background case is used equally often, at places that are spread evenly over its own way and over all ways
    (Latin hypercube), which leaves less to chance than Captum's GradientShap. Where there are more background cases
    than `samples`, some are drawn. The standard errors count chance of both: of the cases and of the places.
    Where this case's text has padding, the background's is padding too.

    References
    ----------
    Erion et al.: Improving performance of deep learning models with axiomatic attribution priors and expected
    gradients, 2021. Lundberg, Lee: A Unified Approach to Interpreting Model Predictions, 2017 (GradientShap).
    """

    name = "expected_gradients"
    title = "Expected gradients"
    what = "How each part of the input moved this answer, compared with a number of other cases."
    what_not = "Not a cause in the world, and not what a comparison with other cases would have shown."
    signed = True
    family = "gradient"
    reads_baseline = False

    def config_spec(self) -> tuple[Option, ...]:
        """Return number of samples and seed."""
        return (Option("samples", "Gradients over all background cases", "int", 128, 8, 4096), SEED)

    def work(self, subject: Subject, inputs: tuple[Tensor, ...], chosen: Chosen) -> Cost:
        """Return the gradients, and a row for each background case."""
        samples = int(chosen["samples"])
        cases = 0 if subject.background is None else len(subject.background[0])
        return Cost(samples + cases + 1, samples)

    def is_compatible(self, subject: Subject, inputs: tuple[Tensor, ...]) -> bool:
        """Return whether there are background cases of the input's form and the answer has a gradient."""
        return _fits(subject, inputs) and has_input_gradient(subject, inputs, zero_is_fine=True)

    def compute(self, case: Case, chosen: Chosen) -> Computed:
        """Return expected gradients."""
        if not _fits(case.subject, case.inputs):
            raise ExplainError(UNFIT)
        return _expected(case, int(chosen["samples"]), int(chosen["seed"]))


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Which background case and which place each gradient takes."""

    cases: Tensor
    """Number of the background case of each gradient, int64 [S]."""
    places: Tensor
    """Place on its way, 0 (background) to 1 (input), float32 [S]."""

    def __len__(self) -> int:
        return len(self.cases)


def plan(background: int, samples: int, seed: int) -> Plan:
    """Return at least `samples` pairs of case and place (fewer cases than the background's only if it has more).

    In each of the equal rounds every case has one place. Round m of R covers the m-th part of every way; within the
    part, the cases' places are spread evenly in random order.
    """
    generator = torch.Generator().manual_seed(seed)
    used = min(background, samples)
    rounds = -(-samples // used)
    chosen = torch.randperm(background, generator=generator)[:used].sort().values
    places = [
        (number + (torch.randperm(used, generator=generator) + torch.rand(used, generator=generator)) / used) / rounds
        for number in range(rounds)
    ]
    return Plan(chosen.repeat(rounds), torch.cat(places))


def _fits(subject: Subject, inputs: tuple[Tensor, ...]) -> bool:
    others = subject.background
    if others is None or len(others) != len(inputs) or len({len(item) for item in others}) != 1 or not len(others[0]):
        return False
    pairs = list(zip(others, inputs, strict=True))
    fitting = all(other.is_floating_point() and other.shape[1:] == item.shape[1:] for other, item in pairs)
    return fitting and all(bool(torch.isfinite(other).all()) for other in others)


def _expected(case: Case, samples: int, seed: int) -> Computed:
    others = _background(case)
    chosen = plan(len(others[0]), samples, seed)
    drawn = SumOfDraws(case.inputs)
    for first in range(0, len(chosen), case.rows):
        rows = slice(first, first + case.rows)
        starts = tuple(other[chosen.cases[rows].to(other.device)] for other in others)
        drawn.add(_contributions(case, starts, chosen.places[rows]))
    means = drawn.means()
    difference = _logits(case, case.inputs)[0] - _mean_logit(case, others)
    error = completeness_error(added_up(means), difference, case.scale)
    errors = tuple(_error(chosen, totals) for totals in drawn.totals)
    values = tuple(mean.unsqueeze(0) for mean in means)
    return Computed(values, error, error <= TOLERANCE, len(chosen), errors)


def _background(case: Case) -> tuple[Tensor, ...]:
    """Return the background on the case's device, padded where the case is."""
    others = case.subject.background or ()
    parts = zip(case.subject.kinds, case.inputs, others, strict=True)
    return tuple(other.detach().to(case.device, torch.float32) * real_places(kind, item) for kind, item, other in parts)


def _contributions(case: Case, starts: tuple[Tensor, ...], places: Tensor) -> tuple[Tensor, ...]:
    """Return (x - b) dF/dx of each row, [R, ...] for each input."""
    along = places.to(case.device)
    ways = tuple(item - start for item, start in zip(case.inputs, starts, strict=True))
    points = tuple(start + along.view(-1, *[1] * (way.ndim - 1)) * way for start, way in zip(starts, ways, strict=True))
    return tuple(way * gradient for way, gradient in zip(ways, gradients_at(case, points), strict=True))


def _error(chosen: Plan, totals: list[float]) -> float:
    """Return the standard error over background cases; over places where there is one case."""
    by_case: dict[int, list[float]] = {}
    for number, total in zip(chosen.cases.tolist(), totals, strict=True):
        by_case.setdefault(number, []).append(total)
    if len(by_case) == 1:
        return standard_error(totals)
    return standard_error([sum(own) / len(own) for own in by_case.values()])


def _mean_logit(case: Case, others: tuple[Tensor, ...]) -> float:
    count = len(others[0])
    found: list[float] = []
    for first in range(0, count, case.rows):
        found += _logits(case, tuple(other[first : first + case.rows] for other in others))
    return sum(found) / count


def _logits(case: Case, rows: tuple[Tensor, ...]) -> list[float]:
    with torch.no_grad():
        found: list[float] = case.logit(*rows).double().tolist()
    return found
