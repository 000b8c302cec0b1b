"""The learning curve: how accuracy and reliance moved with the number of marks, and what ten more may be worth."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.contracts import CurvePoint, Estimate, LearningCurve
from core.learning.statistics import interval

Array = NDArray[np.float64]
ROUNDS = 3
"""Fewest rounds that tell what more marks are worth."""
MORE = 10
DRAWS = 2000
Z = 1.96
HALVES = (2.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0)
"""Numbers of marks with which half of all that marks can do is reached: the candidates for c."""
SMALLEST_DEVIATION = 0.01
"""Standard deviation that a figure has at least: two trainings on the same marks differ by about as much."""


def learning_curve(points: Sequence[CurvePoint], *, seed: int = 0) -> LearningCurve:
    """Return the curve over rounds, oldest first, with the estimated worth of ten more marks.

    Model: figure = a - b / (1 + marks / c), which levels off. For each of 2,000 draws of the points from their
    intervals, c is drawn by how well it fits and a, b by weighted least squares; the worth is the mean and the 95 %
    interval of what ten marks more than the latest round would add. With too few rounds it is None, and the words say
    what is missing.
    """
    kept = tuple(sorted(points, key=lambda point: point.created))
    missing = _missing(kept)
    if missing:
        return LearningCurve(kept, words=missing)
    worth = worth_of_more([p.marks for p in kept], [p.accuracy for p in kept], seed=seed)
    known = [(p.marks, p.reliance) for p in kept if p.reliance is not None]
    enough = len(known) >= ROUNDS and len({marks for marks, _ in known}) > 1
    reliance = worth_of_more([m for m, _ in known], [r for _, r in known], seed=seed) if enough else None
    return LearningCurve(kept, worth, reliance, _words(kept, worth, reliance))


def _missing(points: Sequence[CurvePoint]) -> str:
    """Return what keeps the worth from being estimated, empty when nothing does."""
    if not points:
        return "No round was measured yet. The curve begins with the first candidate at the gate."
    if len(points) < ROUNDS:
        return (
            f"{len(points)} of {ROUNDS} rounds: what ten more marks are worth can be told after "
            f"{ROUNDS - len(points)} more. Mark a few cases and retrain."
        )
    if len({point.marks for point in points}) < 2:
        return (
            "All rounds learnt from the same number of marks, so what more of them are worth can't be told. Mark "
            "further cases before the next round."
        )
    return ""


def worth_of_more(marks: Sequence[int], figures: Sequence[Estimate], *, more: int = MORE, seed: int = 0) -> Estimate:
    """Return the expected change of a figure by `more` marks beyond the latest round, with its interval; n is rounds.

    `marks` and `figures` are the rounds, oldest first; two or more with different numbers of marks.
    """
    generator = np.random.default_rng(seed)
    x = np.asarray(marks, dtype=np.float64)
    values, deviations = _drawn(figures, generator)
    changes, fits = zip(*(_fitted(x, values, deviations, half, x[-1], more) for half in HALVES), strict=True)
    errors = np.stack(fits)  # [c, draws]
    likely = np.exp(-(errors - errors.min(axis=0)) / 2)
    chosen = _choose(likely / likely.sum(axis=0), generator)
    draws = np.stack(changes)[chosen, np.arange(DRAWS)]
    low, high = interval(draws)
    return Estimate(float(draws.mean()), low, high, len(x))


def _drawn(figures: Sequence[Estimate], generator: np.random.Generator) -> tuple[Array, Array]:
    """Return draws [draws, rounds] of the figures, and their standard deviations [rounds]."""
    middle = np.asarray([figure.value for figure in figures])
    width = np.asarray([figure.high - figure.low for figure in figures])
    deviations = np.maximum(np.nan_to_num(width) / (2 * Z), SMALLEST_DEVIATION)
    return middle + generator.normal(size=(DRAWS, len(figures))) * deviations, deviations


def _fitted(
    marks: Array, values: Array, deviations: Array, half: float, latest: float, more: int
) -> tuple[Array, Array]:
    """Return, per draw, the change by `more` marks and the weighted squared error, with c = `half`."""
    design = np.stack([np.ones_like(marks), -1 / (1 + marks / half)], axis=1) / deviations[:, None]
    wanted = (values / deviations).T  # [rounds, draws]
    solved = np.linalg.lstsq(design, wanted, rcond=None)[0]  # [2, draws]
    errors = np.square(design @ solved - wanted).sum(axis=0)
    gain = 1 / (1 + latest / half) - 1 / (1 + (latest + more) / half)
    return solved[1] * gain, errors


def _choose(shares: Array, generator: np.random.Generator) -> NDArray[np.int64]:
    """Return, per draw (column), a row drawn by the shares in it."""
    below = shares.cumsum(axis=0) < generator.random(shares.shape[1])
    return np.asarray(below.sum(axis=0).clip(max=len(shares) - 1), dtype=np.int64)


def _words(points: Sequence[CurvePoint], worth: Estimate, reliance: Estimate | None) -> str:
    told = f"accuracy by {_change(worth)}"
    if reliance is not None:
        told += f" and reliance by {_change(reliance)}"
    uncertain = worth.low <= 0 <= worth.high and (reliance is None or reliance.low <= 0 <= reliance.high)
    end = " The intervals hold no change: it can't be told whether more marks help." if uncertain else ""
    return f"{MORE} more marks are expected to change {told}, judged by {len(points)} rounds.{end}"


def _change(value: Estimate) -> str:
    shown = [f"{one:+.3f}".replace("-", "−") for one in (value.value, value.low, value.high) if math.isfinite(one)]
    return f"{shown[0]} [{', '.join(shown[1:])}]" if len(shown) == 3 else "an unknown amount"
