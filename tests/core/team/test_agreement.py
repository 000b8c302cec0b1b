"""Cohen's kappa against scikit-learn, and its interval."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from core.fairness.intervals import resampled
from core.team.agreement import cohens_kappa, kappas


@pytest.mark.parametrize("seed", range(5))
def test_kappa_is_that_of_scikit_learn(seed):
    generator = np.random.default_rng(seed)
    first = generator.integers(0, 4, 60)
    second = np.where(generator.random(60) < 0.6, first, generator.integers(0, 4, 60))
    drawn = generator.integers(0, 60, 60)
    weights = np.stack([np.ones(60), np.bincount(drawn, minlength=60)])
    expected = [cohen_kappa_score(first, second), cohen_kappa_score(first[drawn], second[drawn])]
    assert kappas(first, second, weights) == pytest.approx(expected)


def test_the_interval_holds_what_it_should():
    generator, held = np.random.default_rng(3), []
    for _ in range(60):
        first = generator.integers(0, 2, 120)
        second = np.where(generator.random(120) < 0.8, first, 1 - first)  # kappa .6
        found = cohens_kappa(first, second, resampled([str(i) for i in range(120)], 0, 400), 0.0)
        held.append(found.low <= 0.6 <= found.high)
    assert 0.85 <= np.mean(held) <= 1.0


def test_full_agreement_on_few_cases_is_no_certainty():
    said = np.array([0, 1, 0, 1])
    found = cohens_kappa(said, said, np.ones((10, 4)), least_same=0.51)
    assert (found.value, found.low, found.high, found.n) == (1.0, pytest.approx(0.02), 1.0, 4)


def test_one_label_alone_or_one_case_says_nothing():
    assert cohens_kappa(np.zeros(5, dtype=int), np.zeros(5, dtype=int), np.ones((1, 5)), 0.5) is None
    assert cohens_kappa(np.array([1]), np.array([0]), np.ones((1, 1)), 0.0) is None
