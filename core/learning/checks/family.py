"""Accuracy per class and per group: families of lines with Holm's correction."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.contracts import Check
from core.learning.checks.base import Line, TargetAnswers, judge, not_assessable
from core.learning.metrics import right
from core.learning.statistics import holm, mean_difference, share_beyond


def subset_line(name: str, title: str, answers: TargetAnswers, chosen: NDArray[np.bool_], margin: float) -> Line:
    """Measure the change of accuracy on the chosen cases."""
    before, after = (right(own, answers.labels)[chosen] for own in answers.answered[:2])
    difference = mean_difference(before, after, answers.resampler.subset(chosen))
    return Line(name, title, float(before.mean()), float(after.mean()), difference, -margin, "higher")


def judge_family(lines: Sequence[Line]) -> tuple[Check, ...]:
    """Judge lines together: a line fails only if it does after Holm's correction over the family."""
    raw = [share_beyond(line.difference.draws, line.limit, better=line.better) for line in lines]
    return tuple(judge(line, p, len(lines)) for line, p in zip(lines, holm(raw), strict=True))


def too_small(name: str, title: str, margin: float, n: int, minimum: int) -> Check:
    """List a class or group that has too few ledger cases to be judged."""
    reason = f"{n} ledger cases, fewer than the policy's minimum of {minimum}: listed, not judged."
    return not_assessable(name, title, -margin, "higher", n, reason)
