"""Detectors against references: scikit-learn's neighbours, scipy's distance, the formula of the energy."""

import numpy as np
import torch
from scipy.spatial.distance import mahalanobis
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize

from core.guard.outliers.base import Seen
from core.guard.outliers.energy import Energy
from core.guard.outliers.knn import NEIGHBOURS
from core.guard.outliers.knn import NearestNeighbours as Knn
from core.guard.outliers.mahalanobis import Mahalanobis

GENERATOR = np.random.default_rng(0)
TRAINING = Seen(GENERATOR.normal(size=(60, 5)), {}, np.arange(60) % 2)
CASES = Seen(GENERATOR.normal(size=(9, 5)), {"a": GENERATOR.normal(size=(9, 3))}, np.zeros(9, dtype=np.int64))


def test_neighbours_equal_those_of_scikit_learn():
    reference = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(normalize(TRAINING.vectors))
    distances = reference.kneighbors(normalize(CASES.vectors))[0][:, -1]
    np.testing.assert_allclose(Knn().score(Knn().fit(TRAINING), CASES), distances, atol=1e-5)


def test_the_distance_to_the_nearest_class_equals_that_of_scipy():
    state = Mahalanobis().fit(TRAINING)
    expected = [
        min(mahalanobis(row, mean, state["precision"]) ** 2 for mean in state["means"]) for row in CASES.vectors
    ]
    np.testing.assert_allclose(Mahalanobis().score(state, CASES), expected, rtol=1e-5)
    np.testing.assert_allclose(state["means"][1], TRAINING.vectors[1::2].mean(axis=0), rtol=1e-5)


def test_the_energy_equals_torch():
    expected = -torch.logsumexp(torch.from_numpy(CASES.logits["a"]), dim=1)
    np.testing.assert_allclose(Energy().score({}, CASES), expected.numpy())
    two = Seen(CASES.vectors, {**CASES.logits, "b": CASES.logits["a"] + 2}, CASES.labels)
    np.testing.assert_allclose(Energy().score({}, two), expected.numpy() - 1)
