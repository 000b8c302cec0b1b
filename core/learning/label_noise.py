"""Confident learning: which labels on record are probably wrong, from out-of-sample probabilities alone.

Source: Northcutt, Jiang and Chuang, Confident Learning: Estimating Uncertainty in Dataset Labels, JAIR 2021.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Probabilities = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DoubtfulLabel:
    """A label that the other cases contradict."""

    row: int
    label: int
    """Class index on record."""
    suggested: int
    probability: float
    """Out-of-sample probability of `suggested`."""


def thresholds(probabilities: Probabilities, labels: Labels) -> npt.NDArray[np.float64]:
    """Return each class's mean out-of-sample probability over the cases that carry its label [K]; infinite for none."""
    classes = probabilities.shape[1]
    return np.array(
        [probabilities[labels == k, k].mean() if (labels == k).any() else np.inf for k in range(classes)],
        dtype=np.float64,
    )


def confident_classes(probabilities: Probabilities, labels: Labels) -> Labels:
    """Return the class that each case confidently belongs to [n], -1 for none.

    The most probable of the classes whose probability reaches that class's threshold.
    """
    reached = probabilities >= thresholds(probabilities, labels)
    best = np.where(reached, probabilities, -1.0).argmax(axis=1)
    return np.where(reached.any(axis=1), best, -1)


def doubtful(probabilities: Probabilities, labels: Labels) -> tuple[DoubtfulLabel, ...]:
    """Return the labels that lie off the diagonal of the confident joint, the most doubtful first.

    Ranked by the probability of the suggested class minus that of the label on record. A case counts only where its
    most probable class is the suggested one.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.95, 0.05]])
    >>> [(item.row, item.suggested) for item in doubtful(p, np.array([0, 0, 1, 1]))]
    [(3, 0)]
    """
    confident = confident_classes(probabilities, labels)
    rows = np.arange(len(labels))
    off = (confident >= 0) & (confident != labels) & (probabilities.argmax(axis=1) == confident)
    margin = probabilities[rows, confident] - probabilities[rows, labels]
    order = [row for row in np.argsort(-margin, kind="stable") if off[row]]
    return tuple(
        DoubtfulLabel(int(row), int(labels[row]), int(confident[row]), float(probabilities[row, confident[row]]))
        for row in order
    )
