"""Nearest neighbours: how far a case lies from the training cases that are most like it."""

import numpy as np

from core.contracts import OutlierMethod
from core.guard.outliers.base import Array, Seen, State

NEIGHBOURS = 10
"""The distance to this neighbour counts; few enough for small classes, more than one against single odd cases."""
AT_ONCE = 1024
SMALLEST_LENGTH = 1e-12


class NearestNeighbours:
    """Score: distance to the 10th nearest training case, between vectors scaled to length 1; 0 to 2.

    Source
    ------
    Sun et al., Out-of-Distribution Detection with Deep Nearest Neighbors, ICML 2022.
    """

    name: OutlierMethod = "knn"
    title = "distance to the nearest training cases"

    def fit(self, training: Seen) -> State:
        """Return the training vectors at length 1, [n, d]."""
        return {"vectors": _unit(training.vectors).astype(np.float32)}

    def score(self, state: State, cases: Seen) -> Array:
        """Return the distance to the 10th nearest training case [n]; to the farthest one, where there are fewer."""
        known = state["vectors"].astype(np.float64)
        place = min(NEIGHBOURS, len(known)) - 1
        parts = []
        for first in range(0, len(cases), AT_ONCE):
            rows = _unit(cases.vectors[first : first + AT_ONCE])
            squared = (rows**2).sum(axis=1)[:, None] + (known**2).sum(axis=1) - 2 * rows @ known.T
            parts.append(np.sqrt(np.partition(np.maximum(squared, 0.0), place, axis=1)[:, place]))
        return np.concatenate(parts) if parts else np.empty(0)


def _unit(vectors: Array) -> Array:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Array = vectors / np.maximum(lengths, SMALLEST_LENGTH)
    return scaled
