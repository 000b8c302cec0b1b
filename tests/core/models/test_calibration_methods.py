import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.isotonic import IsotonicRegression

from core.models.calibration import calibrated, calibrator, softmax
from core.models.calibration.vector import STRENGTH
from core.models.manifest import IsotonicNumbers, Steps, VectorNumbers
from tests.helpers.calibration_parts import blank, sample


def fitted(method, logits, labels):
    return calibrator(method).fit(blank(logits.shape[1], method=method), logits, labels)


def loss(item, logits, labels):
    return -np.log(calibrated(item, logits)[np.arange(len(labels)), labels]).mean()


def test_vector_scaling_equals_a_reference_optimiser():
    logits, labels = sample(300, classes=3, shift=1.0)
    item = fitted("vector", logits, labels)

    def penalised(numbers):
        shown = log_softmax(logits / item.temperature * numbers[:3] + numbers[3:], axis=1)
        away = ((numbers[:3] - 1) ** 2).sum() + (numbers[3:] ** 2).sum()
        return -shown[np.arange(300), labels].sum() + STRENGTH / 2 * away

    reference = minimize(penalised, [1.0] * 3 + [0.0] * 3, method="BFGS").x
    assert item.vector is not None
    assert np.allclose(np.array(item.vector.scale) * item.temperature, reference[:3], atol=1e-3)
    assert np.allclose(item.vector.bias, reference[3:], atol=1e-3)


@pytest.mark.parametrize("method", ["vector", "isotonic"])
def test_labels_said_too_seldom_are_put_right_and_new_cases_gain(method):
    logits, labels = sample(2000, shift=1.0)
    others = sample(4000, shift=1.0, seed=1)
    better, plain = fitted(method, logits, labels), fitted("temperature", logits, labels)
    assert loss(better, *others) < loss(plain, *others) - 0.03
    said = calibrated(better, others[0]).mean(axis=0)
    assert np.abs(said - np.bincount(others[1]) / 4000).max() < 0.02
    assert np.abs(calibrated(plain, others[0]).mean(axis=0) - np.bincount(others[1]) / 4000).max() > 0.1


def test_few_cases_do_not_bend_vector_scaling():
    lost = []
    for seed in range(5):
        logits, labels = sample(80, seed=seed)
        others = sample(2000, seed=100 + seed)
        lost.append(
            loss(fitted("vector", logits, labels), *others) - loss(fitted("temperature", logits, labels), *others)
        )
    assert np.mean(lost) < 0.03


def test_vector_numbers_by_hand():
    item = blank(2, method="vector", vector=VectorNumbers(scale=(2.0, 1.0), bias=(0.0, np.log(3.0))))
    assert calibrated(item, np.array([[0.0, 0.0]])) == pytest.approx(np.array([[0.25, 0.75]]))


def test_isotonic_equals_scikit_learn_but_for_the_one_case_that_the_network_counts():
    logits, labels = sample(400, classes=3)
    item = fitted("isotonic", logits, labels)
    said = softmax(logits, item.temperature)
    curves = [IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(said[:, k], labels == k) for k in range(3)]
    mixed = (400 * np.stack([c.predict(said[:, k]) for k, c in enumerate(curves)], axis=1) + said) / 401
    assert np.allclose(calibrated(item, logits), mixed / mixed.sum(axis=1, keepdims=True))


def test_isotonic_steps_that_are_flat_or_zero_leave_every_label_possible_and_in_order():
    flat = Steps(said=(0.0, 0.6, 1.0), seen=(0.0, 0.0, 1.0))
    item = blank(3, method="isotonic", isotonic=IsotonicNumbers(steps=(flat,) * 3, cases=200))
    shown = calibrated(item, np.array([[0.3, 0.2, 0.1], [1e4, 0.0, -1e4]]))
    assert (shown > 0).all()
    assert shown.sum(axis=1) == pytest.approx(np.ones(2))
    assert shown[0, 0] > shown[0, 1] > shown[0, 2]
    assert shown[1, 0] > 0.999
