"""From figures of windows to probabilities: a small classifier, and a mixture that calibrates it on all cases."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]
ROUNDS = 40
PULL = 0.02
"""Weight of the penalty on the classifier's coefficients."""
TRUST = 10.0
"""How many cases the marks' own scores count for in the mixture."""
TAIL = 5.0
"""Degrees of freedom of a component's tails."""
NARROW = 0.5
"""Least spread of a component's scores, in logits."""


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """A logistic classifier whose coefficients are not negative: every figure is a goodness."""

    mean: Tensor
    scale: Tensor
    weights: Tensor
    bias: Tensor

    def __call__(self, figures: Tensor) -> Tensor:
        """Return the logit of windows [..., figures]."""
        return ((figures - self.mean) / self.scale) @ self.weights + self.bias


def taught(right: Tensor, wrong: Tensor) -> Judge:
    """Fit a judge to right and wrong windows [windows, figures]; both sides weigh the same."""
    from scipy.optimize import minimize  # loads slowly

    mean, scale = wrong.mean(dim=0), wrong.std(dim=0).clamp_min(1e-3)
    sides = [((side - mean) / scale).double().cpu().numpy() for side in (right, wrong)]
    inputs = np.concatenate([np.concatenate(sides), np.ones((len(right) + len(wrong), 1))], axis=1)
    truth = np.concatenate([np.full(len(side), sign) for side, sign in zip(sides, (1.0, -1.0), strict=True)])
    balance = np.concatenate([np.full(len(side), 0.5 / len(side)) for side in sides])
    pull = PULL / right.shape[1] * np.append(np.ones(right.shape[1]), 0.0)

    def loss(coefficients: Array) -> tuple[float, Array]:
        margins = truth * (inputs @ coefficients)
        value = float(balance @ np.logaddexp(0.0, -margins)) + float(pull @ coefficients**2)
        slope = -balance * truth / (1.0 + np.exp(np.minimum(margins, 700.0)))
        return value, inputs.T @ slope + 2 * pull * coefficients

    bounds = [(0.0, None)] * right.shape[1] + [(None, None)]
    done = torch.as_tensor(minimize(loss, np.zeros(len(bounds)), jac=True, method="L-BFGS-B", bounds=bounds).x)
    done = done.to(right)
    return Judge(mean, scale, done[:-1], done[-1])


def probabilities(scores: Tensor, right: Tensor, wrong: Tensor) -> Tensor:
    """Return how probable it is that each case's best window shows the artefact.

    Two components, those that carry it and those that do not, are fitted to the scores of all cases [cases] by
    expectation and maximisation; each begins at, and is held by, the scores of windows of which it is known. Their
    tails are heavy (Student's t), and a higher score is never less probable.
    """
    known = [(side.mean(), side.std(correction=0).clamp_min(NARROW)) for side in (right, wrong)]
    parts, share = list(known), torch.tensor(0.5)
    chance = torch.zeros_like(scores)
    for _ in range(ROUNDS):
        chance = _chance(scores, parts, share)
        share = (chance.sum() + 1) / (len(scores) + 2)
        parts = [_fitted(scores, weight, side) for weight, side in zip((chance, 1 - chance), known, strict=True)]
    return _rising(scores, chance, float(parts[1][0]))


def _chance(scores: Tensor, parts: list[tuple[Tensor, Tensor]], share: Tensor) -> Tensor:
    odds = []
    for (mean, spread), part in zip(parts, (share, 1 - share), strict=True):
        scale = spread * ((TAIL - 2) / TAIL) ** 0.5
        far = torch.log1p(((scores - mean) / scale) ** 2 / TAIL)
        odds.append(part.log() - scale.log() - (TAIL + 1) / 2 * far)
    return torch.sigmoid(odds[0] - odds[1])


def _fitted(scores: Tensor, weight: Tensor, known: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Return mean and spread of weighted scores and of what was known before, which counts for `TRUST` cases."""
    total = weight.sum() + TRUST
    mean = ((weight * scores).sum() + TRUST * known[0]) / total
    square = (weight * (scores - mean) ** 2).sum() + TRUST * (known[1] ** 2 + (known[0] - mean) ** 2)
    return mean, (square / total).sqrt().clamp_min(NARROW)


def _rising(scores: Tensor, chance: Tensor, low: float) -> Tensor:
    """Return chances that never fall with the score; below `low`, where cases do not carry it, as at `low`."""
    order = scores.argsort()
    kept = chance[order]
    below = scores[order] < low
    if below.any():
        kept = torch.where(below, kept[below][-1], kept)
    rising = torch.empty_like(chance)
    rising[order] = kept.cummax(dim=0).values
    return rising
