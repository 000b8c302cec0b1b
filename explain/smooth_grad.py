"""SmoothGrad: the gradient averaged over noisy copies of the input."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from explain.answer import Computed
from explain.base import Cost, InputKind, Option, Subject
from explain.features import real_places
from explain.gradients import gradients_at, refuse_vanished
from explain.method import Chosen
from explain.sampling import SEED, standard_error
from explain.slopes import SlopeMethod
from explain.validation import Case

GROUPS = 8
"""Groups of copies whose means are compared for the standard error."""


class SmoothGrad(SlopeMethod):
    """|mean of dF/dx over copies with Gaussian noise|, for models of images only or of texts only.

    The noise's standard deviation is `noise` times the range (largest minus smallest value) of the input; the padding
    of a text stays as it is. Captum's noise tunnel draws from the process's random state, so that other threads would
    change the map; here the noise is the seed's own.

    References
    ----------
    Smilkov et al.: SmoothGrad: removing noise by adding noise, 2017.
    """

    name = "smooth_grad"
    title = "SmoothGrad"
    what = "Where a very small change would change this answer most, averaged over slightly noisy copies of the input."
    what_not = "Not what made the answer what it is, nor in which direction it pulls."

    def config_spec(self) -> tuple[Option, ...]:
        """Return number of copies, strength of the noise and seed."""
        return (
            Option("samples", "Noisy copies", "int", 32, 2, 512),
            Option("noise", "Noise, as a share of the input's range", "float", 0.1, 0.001, 1.0),
            SEED,
        )

    def work(self, subject: Subject, inputs: tuple[Tensor, ...], chosen: Chosen) -> Cost:
        """Return a gradient for each copy, and the row of the check."""
        samples = int(chosen["samples"])
        return Cost(samples + 1, samples)

    def sizes(self, case: Case, chosen: Chosen) -> Computed:
        """Return the size of the mean gradient."""
        return _smoothed(case, int(chosen["samples"]), float(chosen["noise"]), int(chosen["seed"]))


def _smoothed(case: Case, samples: int, noise: float, seed: int) -> Computed:
    groups = min(GROUPS, samples)
    sums = [item.new_zeros(groups, *item.shape[1:], dtype=torch.float64) for item in case.inputs]
    done = 0
    for points in _noisy(case, samples, noise, seed):
        for total, gradient in zip(sums, gradients_at(case, points), strict=True):
            for row, own in enumerate(gradient.double()):
                total[(done + row) % groups] += own
        done += len(points[0])
    means = [total.sum(dim=0) / samples for total in sums]
    refuse_vanished(means)
    signs = [
        mean.sign() * real_places(kind, item)[0]
        for kind, item, mean in zip(case.subject.kinds, case.inputs, means, strict=True)
    ]
    counts = [len(range(group, samples, groups)) for group in range(groups)]
    errors = tuple(_error(total, sign, counts) for total, sign in zip(sums, signs, strict=True))
    values = tuple((mean * sign).unsqueeze(0) for mean, sign in zip(means, signs, strict=True))
    return Computed(values, steps=samples, standard_errors=errors)


def _error(sums: Tensor, sign: Tensor, counts: list[int]) -> float:
    """Return the standard error of the map's sum, from groups [G, ...] of copies with so many copies each."""
    return standard_error([float((own * sign).sum()) / count for own, count in zip(sums, counts, strict=True)])


def _noisy(case: Case, samples: int, noise: float, seed: int) -> Iterator[tuple[Tensor, ...]]:
    """Yield batches of noisy copies; which noise a copy gets does not depend on the size of the batches."""
    generator = torch.Generator().manual_seed(seed)
    kinds = case.subject.kinds
    strengths = [noise * _range(kind, item) for kind, item in zip(kinds, case.inputs, strict=True)]
    for first in range(0, samples, case.rows):
        count = min(case.rows, samples - first)
        drawn = [[torch.randn(item.shape[1:], generator=generator) for item in case.inputs] for _ in range(count)]
        noises = [torch.stack(parts).to(case.device) for parts in zip(*drawn, strict=True)]
        parts = zip(kinds, case.inputs, noises, strengths, strict=True)
        yield tuple(item + strength * own * real_places(kind, item) for kind, item, own, strength in parts)


def _range(kind: InputKind, item: Tensor) -> float:
    """Return largest minus smallest value of what is not padding; 1 for an even input, so that noise is noise."""
    held = item[0][item[0].any(dim=-1)] if kind == "text" else item[0]
    width = float(held.max() - held.min()) if held.numel() else 0.0
    return width if width > 0 and math.isfinite(width) else 1.0
