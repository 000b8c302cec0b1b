import numpy as np
import pytest
from scipy import stats

from core.models.calibration.sets.base import order_statistic
from core.models.calibration.sets.coverage import Promise, design_effect, look_level, too_many_missed


def test_expected_coverage_is_what_simulated_splits_give():
    """99 calibration cases, coverage .9: the threshold's real coverage is Beta(90, 10), standard deviation .03."""
    drawn = np.random.default_rng(0).uniform(size=(4000, 99))
    real = [order_statistic(row, 0.9) for row in drawn]  # of uniform scores the threshold is its coverage
    low, high = Promise(0.9, 99).expected()
    assert (low, high) == pytest.approx(stats.beta(90, 10).interval(0.95))
    assert np.mean([low <= value <= high for value in real]) == pytest.approx(0.95, abs=0.01)
    seen = np.random.default_rng(1).binomial(50, real) / 50
    low, high = Promise(0.9, 99).expected(50)
    assert 0.94 < np.mean((low <= seen) & (seen <= high)) < 0.985


def test_a_split_that_is_too_small_rules_nothing_out():
    assert Promise(0.9, 8).expected() == (1.0, 1.0)
    assert Promise(0.9, 0).expected(40) == (1.0, 1.0)
    assert Promise(0.9, 5).broken(1.0, 40) == 1.0
    assert Promise(0.9, 5).broken(39 / 40, 40) == 0.0


def test_too_few_covered_by_hand():
    """One calibration case and coverage .5: rank 1 of 2, so coverage is uniform and each count is equally likely."""
    assert [Promise(0.5, 1).broken(count / 3, 3) for count in range(4)] == pytest.approx([0.25, 0.5, 0.75, 1.0])


def test_too_many_missed_by_hand():
    one = stats.betabinom(2, 1.5, 8.5)
    assert too_many_missed(0, [(2, 9, 1)]) == pytest.approx(1.0)
    assert too_many_missed(2, [(2, 9, 1)]) == pytest.approx(one.pmf(2))
    both = [(1, 9, 1), (1, 4, 3)]  # misses with chance .15 and .7
    assert too_many_missed(2, both) == pytest.approx(0.15 * 0.7)
    assert too_many_missed(1, both) == pytest.approx(1 - 0.85 * 0.3)


def test_the_levels_of_all_looks_sum_to_the_level():
    assert sum(look_level(0.01, look) for look in range(1, 10_000)) == pytest.approx(0.01, rel=1e-3)


def test_cases_that_share_a_patient_count_as_fewer():
    """A hundred patients with four cases each that are all alike: the mean varies like that of a hundred cases."""
    alike = np.repeat(np.arange(100) % 10 > 0, 4)
    patients = [str(row // 4) for row in range(400)]
    assert design_effect(alike, patients) == pytest.approx(4.0, rel=0.02)
    assert design_effect(alike, [str(row) for row in range(400)]) == 1.0
    assert design_effect(np.ones(400, dtype=bool), patients) == 4.0
    spread = [np.subtract(*Promise(0.9, 400, effect).expected()[::-1]) for effect in (1.0, 4.0)]
    assert spread[1] / spread[0] == pytest.approx(2.0, rel=0.05)
    assert Promise(0.9, 400, 4.0).broken(0.86, 100) > 0.05 > Promise(0.9, 400).broken(0.86, 400)


def test_alarms_on_clustered_data_are_as_rare_as_they_say():
    """Promises that are kept, patients of ten like cases in calibration and ledger: at .05 no more than about 5 %."""
    generator, alarms = np.random.default_rng(0), []
    for _ in range(400):
        known, new = (np.repeat(generator.uniform(size=60), 10) for _ in range(2))
        patients = [str(row // 10) for row in range(600)]
        threshold = order_statistic(known, 0.9)
        promise = Promise(0.9, 600, design_effect(known <= threshold, patients))
        covered = new <= threshold
        alarms.append(promise.broken(covered.mean(), 600 / design_effect(covered, patients)) < 0.05)
    assert np.mean(alarms) < 0.09
