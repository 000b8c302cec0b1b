"""AUROC and calibration error of one class with many sets of case weights at once."""

import numpy as np

from core.fairness.intervals import Array, divided
from core.fairness.outcomes import Outcomes

BINS = 10


def area_draws(outcomes: Outcomes, weights: Array) -> Array:
    """Return the area under the ROC curve of the positive class in each draw; ties count half.

    P(score of a positive > score of a negative): 0 to 1, higher is better, .5 is chance; not-a-number where one side
    has no weight.

    Parameters
    ----------
    outcomes
        Scores and truth of n cases.
    weights
        How often each case counts, [draws, n].
    """
    order = np.argsort(outcomes.score, kind="stable")
    starts = np.flatnonzero(np.diff(outcomes.score[order], prepend=-np.inf))  # first case of each level of score
    truth, ordered = outcomes.truth[order], weights[:, order]
    found = np.add.reduceat(ordered * truth, starts, axis=1)  # [draws, levels]
    others = np.add.reduceat(ordered * ~truth, starts, axis=1)
    below = np.cumsum(others, axis=1) - others / 2
    pairs = found.sum(axis=1) * others.sum(axis=1)
    above = (found * below).sum(axis=1)
    return divided(above, pairs)


def calibration_draws(outcomes: Outcomes, weights: Array) -> Array:
    """Return the calibration error of the positive class in each draw.

    sum over bins of (share of cases) x |mean probability - share of positives|, ten bins of equal width: 0 to 1, lower
    is better. Few cases make it larger by chance alone.

    Source
    ------
    Naeini, Cooper and Hauskrecht, Obtaining Well Calibrated Probabilities Using Bayesian Binning, AAAI 2015.
    """
    place = np.minimum((outcomes.score * BINS).astype(int), BINS - 1)
    held = np.where(place[:, None] == np.arange(BINS), (outcomes.score - outcomes.truth)[:, None], 0.0)  # [n, bins]
    gaps, total = np.abs(weights @ held).sum(axis=1), weights.sum(axis=1)
    return divided(gaps, total)
