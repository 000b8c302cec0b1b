import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from core.contracts import CalibrationSpec
from core.models.calibration import answer_sets, expected_calibration_error, fit_temperature, set_rule, softmax
from core.models.calibration.fitting import fit_calibration
from core.models.calibration.probabilities import estimated_calibration_error
from core.models.calibration.sets.base import ROUNDING, of_truth, order_statistic
from tests.helpers.calibration_parts import blank, cases_of, mapie_sets, sample


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
    item = fit_calibration(blank(), CalibrationSpec(), cases_of(logits, labels))
    assert (item.temperature, item.threshold) == (1.0, 1.0)
    assert answer_sets(item, np.array([[0.97, 0.01, 0.01, 0.01]])).all()


@pytest.mark.parametrize("count", [20, 57, 99, 100, 199, 250])
@pytest.mark.parametrize("coverage", [0.55, 0.57, 0.6, 0.8, 0.9, 0.93, 0.95])
def test_sets_equal_mapie(count, coverage):
    logits, labels = sample(count, sharpness=1.0, seed=count)
    known, others = softmax(logits), softmax(sample(60, sharpness=1.0, seed=1)[0])
    rule, item = set_rule("lac"), blank(coverage=coverage)
    threshold = order_statistic(of_truth(rule.scores(item, known), labels), coverage)
    reference = mapie_sets(known, labels, others, coverage)
    assert np.array_equal(rule.scores(item, others) - threshold <= ROUNDING, reference)
    empty = ~reference.any(axis=1)
    sets = answer_sets(item.model_copy(update={"threshold": threshold}), others)
    assert np.array_equal(sets[~empty], reference[~empty])


def test_threshold_by_hand():
    scores = np.array([0.1, 0.2, 0.3, 0.4])
    assert order_statistic(scores, 0.6) == 0.3  # rank ceil(5 x .6) = 3
    assert order_statistic(scores, 0.9) is None  # rank 5 of 4 cases


def test_empty_sets_are_filled_up_to_the_coverage():
    def filled(row, threshold):
        return np.flatnonzero(answer_sets(blank(3, threshold=threshold), np.array([row]))[0]).tolist()

    assert filled([0.95, 0.03, 0.02], 0.01) == [0]
    assert filled([0.05, 0.5, 0.45], 0.2) == [1, 2]
    assert filled([0.3, 0.3, 0.4], 0.2) == [0, 1, 2]


def test_calibration_error_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.45, 0.55]])
    labels = np.array([0, 1, 1, 0])
    # ten bins: two cases in (.8, .9], half of them right; one each in (.5, .6], confidence .6 right, .55 wrong
    expected = (abs(1.0 - 1.8) + abs(1.0 - 1.15)) / 4
    assert expected_calibration_error(probabilities, labels, bins=10) == pytest.approx(expected)
    assert expected_calibration_error(np.eye(3), np.arange(3)) == 0.0
    assert expected_calibration_error(np.eye(3), (np.arange(3) + 1) % 3) == 1.0
    assert math.isnan(expected_calibration_error(np.zeros((0, 2)), np.zeros(0, dtype=int)))


def test_the_interval_of_the_calibration_error_holds_what_many_cases_show():
    """Twenty samples of 200 answers that are twice too sure, against 20,000 of them."""
    logits, labels = sample(20_000, seed=99)
    real = expected_calibration_error(softmax(logits), labels)
    found = []
    for seed in range(20):
        few, truth = sample(200, seed=seed)
        found.append(estimated_calibration_error(softmax(few), truth, [str(row) for row in range(200)]))
    assert all(one.low <= one.value <= one.high for one in found)
    assert sum(one.low <= real <= one.high for one in found) >= 17


def test_softmax_survives_large_logits():
    assert softmax(np.array([[1e4, 0.0, -1e4]])).tolist() == [[1.0, 0.0, 0.0]]
