"""The rule by which answers are accepted, so that few of the accepted ones are wrong, with a stated confidence."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

Array = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
THRESHOLDS = 40
"""Thresholds that are tried."""
STARTS = 2
"""Places from which they are tried, in order: the strictest and the middle one; each may use half of delta.

On simulated answers that are calibrated exactly (100 to 1,000 cases), two starts accepted most: .35 of the cases, with
one start .14, with five .32.
"""
STRICTEST = 7.0
"""Log odds of the strictest threshold: a probability of .999."""


@dataclass(frozen=True, slots=True)
class Control:
    """The outcome of the search for a rule."""

    threshold: float | None
    """Smallest probability of the top label that is accepted; None when no threshold keeps the promise."""
    accepted: int
    """Calibration cases that it accepts."""
    wrong: int
    """Wrong answers among those."""
    n: int


def thresholds(classes: int) -> Array:
    """Return the probabilities that are tried, strictest first: evenly spaced log odds, from .999 to 1 / classes.

    They are the same for all data, which the promise needs.
    """
    odds = np.linspace(STRICTEST, -math.log(max(classes - 1, 1)), THRESHOLDS)
    return np.asarray(1 / (1 + np.exp(-odds)))


def p_values(probability: Array, wrong: Booleans, tried: Array, alpha: float) -> Array:
    """Return for each threshold the chance of so few wrong answers if the error among accepted exceeded `alpha`.

    P(Binomial(accepted, alpha) <= wrong accepted); 1 where nothing is accepted: nothing is never proved right.
    """
    accepted = probability[None] >= tried[:, None]  # [thresholds, n]
    found: Array = binom.cdf((accepted & wrong[None]).sum(axis=1), accepted.sum(axis=1), alpha)
    return found


def proved(values: Array, delta: float, starts: int = STARTS) -> Booleans:
    """Return which hypotheses are rejected, so that a true one is among them with a chance of at most `delta`.

    Fixed sequences with several starts: from each start, one after the other while p <= delta / starts.

    Source
    ------
    Bauer, Multiple testing in clinical trials, 1991; Angelopoulos et al., Learn then Test, 2021.
    """
    places = min(starts, len(values))
    below, found = values <= delta / places, np.zeros(len(values), dtype=bool)
    for start in range(0, places * (len(values) // places), len(values) // places):
        stop = start + int(np.argmin(below[start:])) if not below[start:].all() else len(values)
        found[start:stop] = True
    return found


def control_risk(probability: Array, wrong: Booleans, classes: int, alpha: float, delta: float) -> Control:
    """Choose the rule that accepts most, among those proved to keep the error among accepted at or below `alpha`.

    Learn then Test: over calibration cases drawn like the cases to come, one of each group, the chance is at most
    `delta` that a rule is chosen whose error among accepted cases is above `alpha`.

    Parameters
    ----------
    probability
        Calibrated probability of the top label of calibration cases [n].
    wrong
        Whether the top label is not the reference label [n].
    classes
        How many labels the target has.

    Source
    ------
    Angelopoulos et al., Learn then Test: Calibrating Predictive Algorithms to Achieve Risk Control, 2021. p-values and
    procedure equal MAPIE 1.6's for precision.
    """
    tried = thresholds(classes)
    kept = np.flatnonzero(proved(p_values(probability, wrong, tried, alpha), delta))
    if not len(kept):
        return Control(None, 0, 0, len(probability))
    threshold = float(tried[kept[-1]])
    accepted = probability >= threshold
    return Control(threshold, int(accepted.sum()), int((accepted & wrong).sum()), len(probability))


def one_per_group(groups: npt.NDArray[np.str_], seed: int) -> npt.NDArray[np.int64]:
    """Return one case of each group, drawn at random: cases of one patient are not independent."""
    order = np.random.default_rng(seed).permutation(len(groups))
    _, first = np.unique(groups[order], return_index=True)
    return np.sort(order[first])
