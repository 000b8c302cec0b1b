import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from core.models.calibration import (
    expected_calibration_error,
    fit_temperature,
    lac_sets,
    lac_threshold,
    prediction_set,
    prediction_sets,
    softmax,
)
from tests.helpers.calibration_parts import mapie_sets, sample


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_temperature_equals_a_reference_optimiser(sharpness):
    logits, labels = sample(400, sharpness=sharpness)

    def loss(temperature):
        return -log_softmax(logits / temperature, axis=1)[np.arange(400), labels].mean()

    reference = minimize_scalar(loss, bounds=(0.05, 20), method="bounded", options={"xatol": 1e-9})
    assert fit_temperature(logits, labels) == pytest.approx(reference.x, rel=1e-4)
    assert fit_temperature(logits, labels) == pytest.approx(sharpness, rel=0.25)


def test_temperature_stays_in_its_range():
    logits = np.array([[5.0, 0.0], [0.0, 5.0], [3.0, 0.0]])
    assert fit_temperature(logits, np.array([0, 1, 0])) == pytest.approx(0.05)
    assert fit_temperature(logits, np.array([1, 0, 1])) == pytest.approx(20.0)


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_calibration_cases_change_and_rule_out_nothing(count):
    logits, labels = sample(count) if count else (np.zeros((0, 4)), np.zeros(0, dtype=int))
    assert fit_temperature(logits, labels) == 1.0
    threshold = lac_threshold(softmax(logits), labels, 0.9)
    assert threshold == 1.0
    assert prediction_set(np.array([0.97, 0.01, 0.01, 0.01]), threshold, 0.9) == (0, 1, 2, 3)


@pytest.mark.parametrize("count", [20, 57, 99, 100, 199, 250])
@pytest.mark.parametrize("coverage", [0.55, 0.57, 0.6, 0.8, 0.9, 0.93, 0.95])
def test_sets_equal_mapie(count, coverage):
    logits, labels = sample(count, sharpness=1.0, seed=count)
    others = softmax(sample(60, sharpness=1.0, seed=1)[0])
    threshold = lac_threshold(softmax(logits), labels, coverage)
    reference = mapie_sets(softmax(logits), labels, others, coverage)
    assert np.array_equal(lac_sets(others, threshold), reference)
    filled = ~reference.any(axis=1)
    assert np.array_equal(prediction_sets(others, threshold, coverage)[~filled], reference[~filled])


def test_threshold_by_hand():
    truth = np.array([0.9, 0.8, 0.7, 0.6])  # scores .1 .2 .3 .4; rank ceil(5 x .6) = 3
    probabilities = np.column_stack([truth, 1 - truth])
    assert lac_threshold(probabilities, np.zeros(4, dtype=int), 0.6) == pytest.approx(0.3)
    assert lac_threshold(probabilities, np.zeros(4, dtype=int), 0.9) == 1.0  # rank 5 of 4 cases


def test_coverage_holds_on_new_cases():
    logits, labels = sample(2000, sharpness=1.0)
    threshold = lac_threshold(softmax(logits[:1000]), labels[:1000], 0.9)
    sets = prediction_sets(softmax(logits[1000:]), threshold, 0.9)
    assert 0.87 <= sets[np.arange(1000), labels[1000:]].mean() <= 0.94


def test_empty_sets_are_filled_up_to_the_coverage():
    assert prediction_set(np.array([0.95, 0.03, 0.02]), 0.01, 0.9) == (0,)
    assert prediction_set(np.array([0.05, 0.5, 0.45]), 0.2, 0.9) == (1, 2)
    assert prediction_set(np.array([0.3, 0.3, 0.4]), 0.2, 0.9) == (2, 0, 1)


def test_calibration_error_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.45, 0.55]])
    labels = np.array([0, 1, 1, 0])
    # ten bins: two cases in (.8, .9], half of them right; one each in (.5, .6], confidence .6 right, .55 wrong
    expected = (abs(1.0 - 1.8) + abs(1.0 - 1.15)) / 4
    assert expected_calibration_error(probabilities, labels, bins=10) == pytest.approx(expected)
    assert expected_calibration_error(np.eye(3), np.arange(3)) == 0.0
    assert expected_calibration_error(np.eye(3), (np.arange(3) + 1) % 3) == 1.0
    assert math.isnan(expected_calibration_error(np.zeros((0, 2)), np.zeros(0, dtype=int)))


def test_softmax_survives_large_logits():
    assert softmax(np.array([[1e4, 0.0, -1e4]])).tolist() == [[1.0, 0.0, 0.0]]
