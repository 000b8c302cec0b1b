"""AUROC, calibration error and accuracy against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from core.learning.metrics import calibration_error, ledger_figures, macro_auroc, squared_errors, weighted_auroc
from core.learning.statistics import Resampler
from core.models.calibration import expected_calibration_error


def _answers(n=150, classes=4, seed=0):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, n)
    scores = generator.random((n, classes)).round(1) + 0.8 * np.eye(classes)[labels]
    return scores / scores.sum(axis=1, keepdims=True), labels


def test_weighted_auroc_equals_scikit_learn_with_ties_and_weights():
    generator = np.random.default_rng(1)
    scores, positive = generator.integers(0, 8, 200) / 8, generator.random(200) < 0.4
    weights = generator.integers(0, 4, 200).astype(float)
    expected = roc_auc_score(positive, scores, sample_weight=weights)
    assert weighted_auroc(scores, positive, weights) == pytest.approx(expected)


def test_macro_auroc_equals_scikit_learn():
    probabilities, labels = _answers()
    expected = roc_auc_score(labels, probabilities, multi_class="ovr", average="macro")
    assert macro_auroc(labels)(probabilities, np.ones(len(labels))) == pytest.approx(expected)


def test_two_classes_use_the_second():
    probabilities, labels = _answers(classes=2)
    expected = roc_auc_score(labels, probabilities[:, 1])
    assert macro_auroc(labels)(probabilities, np.ones(len(labels))) == pytest.approx(expected)


def test_one_class_has_no_auroc():
    assert np.isnan(weighted_auroc(np.array([0.1, 0.9]), np.array([True, True]), np.ones(2)))


def test_calibration_error_equals_the_models_layer():
    probabilities, labels = _answers(seed=2)
    expected = expected_calibration_error(probabilities, labels)
    assert calibration_error(labels)(probabilities, np.ones(len(labels))) == pytest.approx(expected)


def test_calibration_error_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1]])
    labels = np.array([0, 1])
    assert calibration_error(labels)(probabilities, np.ones(2)) == pytest.approx(0.4)


@pytest.mark.parametrize("classes", [2, 4])
def test_squared_errors_equal_scikit_learn(classes):
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet(np.ones(classes), size=50)
    labels = generator.integers(classes, size=50)
    said = probabilities[:, 1] if classes == 2 else probabilities
    reference = brier_score_loss(labels, said, labels=range(classes))
    assert squared_errors(probabilities, labels).mean() == pytest.approx(reference)


def test_figures_have_n_and_an_interval_around_the_value():
    probabilities, labels = _answers()
    figures = ledger_figures(probabilities, labels, Resampler.of_groups([str(i) for i in range(len(labels))]))
    for figure in figures.values():
        assert figure.n == len(labels)
        assert figure.low <= figure.high
    assert figures["accuracy"].low < figures["accuracy"].value < figures["accuracy"].high
