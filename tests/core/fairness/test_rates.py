"""Rates by hand and against scikit-learn and Fairlearn; areas and calibration with weights."""

import math

import numpy as np
import pytest
from fairlearn.metrics import (
    MetricFrame,
    false_negative_rate,
    false_positive_rate,
    selection_rate,
    true_negative_rate,
    true_positive_rate,
)
from sklearn.metrics import accuracy_score, roc_auc_score

from core.contracts import RateName
from core.errors import BadInput
from core.fairness.outcomes import Outcomes, outcomes_of
from core.fairness.rates import RATES, counted
from core.fairness.tables import group_rates, resampled_rates, shuffled_rates

SHARES = {
    "selection_rate": selection_rate,
    "true_positive_rate": true_positive_rate,
    "false_positive_rate": false_positive_rate,
    "true_negative_rate": true_negative_rate,
    "false_negative_rate": false_negative_rate,
    "accuracy": accuracy_score,
}


def outcomes(n=200, seed=0):
    generator = np.random.default_rng(seed)
    truth = generator.random(n) < 0.4
    score = np.clip(np.round(0.3 + 0.3 * truth + generator.normal(0, 0.2, n), 2), 0.0, 1.0)
    selected = score > 0.5
    covered, deferred = generator.random((2, n)) < 0.5
    return Outcomes(selected, truth, selected != truth, score, covered, deferred)


def test_every_rate_of_the_contract_is_there():
    assert tuple(RATES) == RateName.__args__


def test_shares_equal_fairlearns_in_every_group():
    own = outcomes()
    codes = np.random.default_rng(1).integers(0, 3, len(own))
    found = group_rates(own, list(SHARES), codes, 3)
    frame = MetricFrame(metrics=SHARES, y_true=own.truth, y_pred=own.selected, sensitive_features=codes).by_group
    np.testing.assert_allclose(found.T, frame.to_numpy(dtype=float))


def test_coverage_and_deferral_are_shares_of_all():
    own = outcomes()
    assert group_rates(own, ("coverage", "deferral"), np.zeros(200, dtype=int), 1)[:, 0] == pytest.approx(
        [own.covered.mean(), own.deferred.mean()]
    )


def test_the_area_equals_scikit_learns_with_weights_and_ties():
    own, generator = outcomes(), np.random.default_rng(2)
    weights = generator.integers(0, 3, (20, len(own))).astype(float)
    expected = [roc_auc_score(own.truth, own.score, sample_weight=row) for row in weights]
    assert RATES["auroc"].draws(own, weights) == pytest.approx(expected)


def test_calibration_error_by_hand():
    score, truth, no = np.array([0.15, 0.15, 0.85, 0.85]), np.array([False, True, True, True]), np.zeros(4, dtype=bool)
    own = Outcomes(score > 0.5, truth, no, score, no, no)
    # bin of .15: |.15 - .5| x 2 of 4; bin of .85: |.85 - 1| x 2 of 4
    assert RATES["calibration_error"].draws(own, np.ones((1, 4)))[0] == pytest.approx(0.5 * 0.35 + 0.5 * 0.15)


def test_a_group_without_positives_has_no_true_positive_rate():
    own = outcomes_of(np.array([1, 0, 1], dtype=bool), np.array([1, 0, 0], dtype=bool))
    found = group_rates(own, ("true_positive_rate", "false_positive_rate"), np.array([0, 1, 1]), 2)
    assert found[0, 0] == 1.0
    assert math.isnan(found[0, 1])
    assert math.isnan(found[1, 0])
    assert found[1, 1] == 0.5
    alone = own.where(np.array([False, True, True]))
    assert math.isnan(RATES["auroc"].draws(alone, np.ones((1, 2)))[0])


def test_weights_count_cases_more_than_once():
    own = outcomes()
    codes, weights = np.arange(200) % 2, np.random.default_rng(3).integers(0, 4, (5, 200)).astype(float)
    drawn = resampled_rates(own, ("true_positive_rate",), codes, 2, weights)
    rows = np.repeat(np.arange(200), weights[2].astype(int))
    repeated = group_rates(outcomes_of(own.selected[rows], own.truth[rows]), ("true_positive_rate",), codes[rows], 2)
    assert drawn[2] == pytest.approx(repeated)


def test_shuffled_groups_are_counted_as_given():
    own = outcomes()
    shuffles = np.stack([np.random.default_rng(seed).integers(-1, 2, 200) for seed in range(4)], axis=1).astype(float)
    found = shuffled_rates(own, ("accuracy", "selection_rate"), shuffles, 2)
    for time in range(4):
        codes = shuffles[:, time].astype(int)
        assert found[time] == pytest.approx(group_rates(own, ("accuracy", "selection_rate"), codes, 2))


def test_what_is_no_share_is_not_counted():
    with pytest.raises(BadInput, match="auroc is no share"):
        counted("auroc", outcomes())
