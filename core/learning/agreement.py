"""How far people agree: on where an artefact is, and on what a case shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from core.contracts import UNSURE, Confidence, LabelSource

Mask = npt.NDArray[np.bool_]
GOOD_OVERLAP = 0.5
"""Intersection over union from which two readers' marks count as the same."""
CERTAINTY: Mapping[Confidence, float] = {"guess": 0.5, "likely": 0.75, "certain": 1.0}
"""How much a label counts that a person was so sure of."""


@dataclass(frozen=True, slots=True)
class Vote:
    """What one person said about a case and target."""

    label: str
    confidence: Confidence


def intersection_over_union(first: Mask, second: Mask) -> float:
    """Return |both| / |either| of two marks, 0 to 1; 1 where neither holds anything.

    Examples
    --------
    >>> intersection_over_union(np.array([True, True, False]), np.array([False, True, True]))
    0.3333333333333333
    """
    either = int((first | second).sum())
    return 1.0 if either == 0 else int((first & second).sum()) / either


def readers_overlap(readers: Sequence[Mask]) -> float:
    """Return the mean intersection over union of all pairs of readers' marks, 0 to 1; 1 for fewer than two readers.

    Readers who marked nothing do not count.
    """
    marks = [mask for mask in readers if mask.any()]
    pairs = [intersection_over_union(first, second) for first, second in combinations(marks, 2)]
    return float(np.mean(pairs)) if pairs else 1.0


def mark_weight(readers: Sequence[Mask]) -> float:
    """Return how far the union of readers' marks is trusted: 1 where they overlap well, else their mean overlap.

    Examples
    --------
    >>> mark_weight([np.array([True, False]), np.array([False, True])])
    0.0
    """
    overlap = readers_overlap(readers)
    return 1.0 if overlap >= GOOD_OVERLAP else overlap


def label_weight(label: str, source: LabelSource, votes: Sequence[Vote]) -> float:
    """Return how far a reference label is trusted, 0 to 1: the sure votes for it, divided by all votes.

    A vote for the label counts as its person's certainty; one for another label, or unsure, counts nothing. The data
    set's own label is one certain vote for itself; what a lead adjudicated is trusted fully.

    Examples
    --------
    >>> label_weight("3", "data set", [])
    1.0
    >>> label_weight("3", "single verdict", [Vote("3", "guess")])
    0.5
    >>> label_weight("3", "data set", [Vote("3", "certain"), Vote("8", "certain")])
    0.6666666666666666
    """
    if source == "adjudication":
        return 1.0
    own = [1.0] if source == "data set" else []
    given = own + [CERTAINTY[vote.confidence] if vote.label == label != UNSURE else 0.0 for vote in votes]
    return sum(given) / len(given) if given else 1.0
