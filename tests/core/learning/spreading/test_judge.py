"""The classifier against scikit-learn, and the mixture on scores whose truth is known."""

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

from core.learning.spreading.judge import PULL, probabilities, taught


def test_the_judge_equals_a_logistic_regression_where_no_coefficient_would_be_negative():
    draw = np.random.default_rng(0)
    right, wrong = draw.normal(1.0, 1.0, (60, 3)), draw.normal(0.0, 1.0, (300, 3))
    judge = taught(torch.tensor(right), torch.tensor(wrong))
    inputs = (np.concatenate([right, wrong]) - wrong.mean(axis=0)) / wrong.std(axis=0, ddof=1)
    weights = np.repeat([0.5 / 60, 0.5 / 300], [60, 300])
    reference = LogisticRegression(C=1 / (2 * PULL / 3), tol=1e-8, max_iter=1000)
    reference.fit(inputs, np.repeat([1, 0], [60, 300]), sample_weight=weights)
    assert np.allclose(judge.weights.numpy(), reference.coef_[0], atol=1e-3)
    assert abs(float(judge.bias) - reference.intercept_[0]) < 1e-3


def test_a_figure_that_speaks_against_gets_no_weight():
    draw = torch.Generator().manual_seed(1)
    right, wrong = torch.randn(50, 2, generator=draw), torch.randn(50, 2, generator=draw)
    judge = taught(right + torch.tensor([2.0, -2.0]), wrong)
    assert float(judge.weights[1]) == 0.0
    assert float(judge.weights[0]) > 0.5


def test_probabilities_are_calibrated_on_a_mixture_and_never_fall():
    draw = np.random.default_rng(2)
    truth = draw.random(2000) < 0.3
    scores = torch.tensor(np.where(truth, draw.normal(4, 1, 2000), draw.normal(0, 1, 2000)))
    right, wrong = torch.tensor(draw.normal(5, 1.5, 200)), torch.tensor(draw.normal(-0.5, 1, 5))
    chances = probabilities(scores, right, wrong)
    ordered = chances[scores.argsort()]
    assert (ordered.diff() >= 0).all()
    sure = (chances >= 0.9).numpy()
    assert truth[sure].mean() > 0.95
    assert sure[truth].mean() > 0.8  # .89 with the true densities
    assert abs(float(chances.mean()) - truth.mean()) < 0.03


def test_where_nothing_carries_it_nothing_is_probable():
    scores = torch.tensor(np.random.default_rng(3).normal(0, 1, 500))
    chances = probabilities(scores, torch.linspace(8, 10, 50), torch.tensor([0.0, 0.5, -0.5]))
    assert float(chances.max()) < 0.1
