"""Mahalanobis distance: how far a case lies from the nearest class mean, by the spread of the training cases."""

import numpy as np
from sklearn.covariance import LedoitWolf

from core.contracts import OutlierMethod
from core.guard.outliers.base import Array, Seen, State


class Mahalanobis:
    """Score: min over classes of (z - m) S^-1 (z - m), with class means m of the first target's labels.

    S is the covariance that all classes share, shrunk towards a multiple of the identity (Ledoit and Wolf), so that it
    can be inverted with fewer cases than features. Without labels there is one mean for all; where
    no case differs from its mean, S is the identity.

    Source
    ------
    Lee et al., A Simple Unified Framework for Detecting Out-of-Distribution Samples, NeurIPS 2018; Ledoit and Wolf, A
    Well-Conditioned Estimator for Large-Dimensional Covariance Matrices, 2004.
    """

    name: OutlierMethod = "mahalanobis"
    title = "distance to the nearest class, by the spread of the training cases"

    def fit(self, training: Seen) -> State:
        """Return class means [classes, d] and the inverse of the shared covariance [d, d]."""
        known = [c for c in np.unique(training.labels) if c >= 0]
        labels = training.labels if known else np.zeros(len(training), dtype=np.int64)
        classes = known or [0]
        means = np.stack([training.vectors[labels == c].mean(axis=0) for c in classes])
        kept = labels >= 0
        places = np.searchsorted(classes, labels[kept])
        apart = training.vectors[kept] - means[places]
        precision = LedoitWolf(assume_centered=True).fit(apart).precision_ if apart.any() else np.eye(apart.shape[1])
        return {"means": means.astype(np.float32), "precision": precision.astype(np.float32)}

    def score(self, state: State, cases: Seen) -> Array:
        """Return the squared distance to the nearest class mean [n]."""
        precision = state["precision"].astype(np.float64)
        distances = []
        for mean in state["means"].astype(np.float64):
            apart = cases.vectors - mean
            distances.append(((apart @ precision) * apart).sum(axis=1))
        nearest: Array = np.min(distances, axis=0)
        return nearest
