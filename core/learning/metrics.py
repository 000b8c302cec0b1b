"""Accuracy, AUROC and calibration of a version's answers, as estimates with n and interval."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from core.contracts import Estimate
from core.learning.statistics import Array, Resampler, estimate, estimate_mean

Labels = NDArray[np.int64]
BINS = 15


def correct(probabilities: Array, labels: Labels) -> Array:
    """Return 1.0 where the top label is the reference label, else 0.0; shape [n]."""
    return right(probabilities.argmax(axis=1), labels)


def right(chosen: Labels, labels: Labels) -> Array:
    """Return 1.0 where the answer is the reference label, else 0.0; shape [n]."""
    return np.asarray(chosen == labels, dtype=np.float64)


def weighted_auroc(scores: Array, positive: NDArray[np.bool_], weights: Array) -> float:
    """Return the area under the ROC curve with case weights: P(score of a positive > of a negative), ties half.

    Range 0 to 1, higher is better, .5 is chance; nan when one side has no weight.
    """
    _, rank = np.unique(scores, return_inverse=True)
    levels = int(rank.max()) + 1
    positives = np.bincount(rank, weights * positive, levels)
    negatives = np.bincount(rank, weights * ~positive, levels)
    if positives.sum() == 0 or negatives.sum() == 0:
        return float("nan")
    below = np.cumsum(negatives) - negatives
    return float((positives * (below + 0.5 * negatives)).sum() / (positives.sum() * negatives.sum()))


def macro_auroc(labels: Labels) -> Callable[[Array, Array], float]:
    """Return the statistic: mean one-against-rest AUROC over classes (plain AUROC of class 1 for two classes)."""

    def statistic(probabilities: Array, weights: Array) -> float:
        classes = range(probabilities.shape[1]) if probabilities.shape[1] > 2 else (1,)
        areas = [weighted_auroc(probabilities[:, c], labels == c, weights) for c in classes]
        finite = [area for area in areas if np.isfinite(area)]
        return float(np.mean(finite)) if finite else float("nan")

    return statistic


def calibration_error(labels: Labels, bins: int = BINS) -> Callable[[Array, Array], float]:
    """Return the statistic: expected calibration error of the top label, equal-width bins.

    Formula: sum over bins of share of weight x |accuracy - mean confidence|. Range 0 to 1, lower is better.
    Source: Guo et al., On Calibration of Modern Neural Networks, 2017.
    """

    def statistic(probabilities: Array, weights: Array) -> float:
        confidence = probabilities.max(axis=1)
        where = np.minimum((confidence * bins).astype(int), bins - 1)
        gap = np.bincount(where, weights * (correct(probabilities, labels) - confidence), bins)
        return float(np.abs(gap).sum() / max(weights.sum(), 1e-12))

    return statistic


def squared_errors(probabilities: Array, labels: Labels) -> Array:
    """Return each case's Brier score [n]: sum over classes of (p - 1 where right, else 0)^2; halved for two classes.

    Range 0 to 2 (0 to 1 for two classes), lower is better; as scikit-learn's `brier_score_loss` scales it.
    Source: Brier, Verification of Forecasts Expressed in Terms of Probability, 1950.
    """
    truth = np.eye(probabilities.shape[1])[labels]
    errors = ((probabilities - truth) ** 2).sum(axis=1)
    return np.asarray(errors / 2 if probabilities.shape[1] == 2 else errors)


def ledger_figures(
    probabilities: Array, labels: Labels, resampler: Resampler, chosen: Labels | None = None
) -> Mapping[str, Estimate]:
    """Return `accuracy`, `auroc`, `ece` and `brier` of answers [n, K] against reference labels [n].

    `chosen` [n] are the answers where they are not the top labels.
    """
    light = Resampler(resampler.weights[:500])
    hits = correct(probabilities, labels) if chosen is None else right(chosen, labels)
    return {
        "accuracy": estimate_mean(hits, resampler),
        "auroc": estimate(macro_auroc(labels), probabilities, light, len(labels)),
        "ece": estimate(calibration_error(labels), probabilities, light, len(labels)),
        "brier": estimate_mean(squared_errors(probabilities, labels), resampler),
    }
