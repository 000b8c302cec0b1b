import numpy as np
import pytest
from scipy import stats

from core.models.calibration.sets.base import order_statistic
from core.models.calibration.sets.coverage import expected_coverage, look_level, too_few_covered, too_many_missed


def test_expected_coverage_is_what_simulated_splits_give():
    """99 calibration cases, coverage .9: the threshold's real coverage is Beta(90, 10), standard deviation .03."""
    drawn = np.random.default_rng(0).uniform(size=(4000, 99))
    real = [order_statistic(row, 0.9) for row in drawn]  # of uniform scores the threshold is its coverage
    low, high = expected_coverage(99, 0.9)
    assert (low, high) == pytest.approx(stats.beta(90, 10).interval(0.95))
    assert np.mean([low <= value <= high for value in real]) == pytest.approx(0.95, abs=0.01)
    seen = np.random.default_rng(1).binomial(50, real) / 50
    low, high = expected_coverage(99, 0.9, 50)
    assert 0.94 < np.mean((low <= seen) & (seen <= high)) < 0.985


def test_a_split_that_is_too_small_rules_nothing_out():
    assert expected_coverage(8, 0.9) == (1.0, 1.0)
    assert expected_coverage(0, 0.9, 40) == (1.0, 1.0)
    assert too_few_covered(40, 40, 5, 0.9) == 1.0
    assert too_few_covered(39, 40, 5, 0.9) == 0.0


def test_too_few_covered_by_hand():
    """One calibration case and coverage .5: rank 1 of 2, so coverage is uniform and each count is equally likely."""
    assert [too_few_covered(count, 3, 1, 0.5) for count in range(4)] == pytest.approx([0.25, 0.5, 0.75, 1.0])


def test_too_many_missed_by_hand():
    one = stats.betabinom(2, 1.5, 8.5)
    assert too_many_missed(0, [(2, 9, 1)]) == pytest.approx(1.0)
    assert too_many_missed(2, [(2, 9, 1)]) == pytest.approx(one.pmf(2))
    both = [(1, 9, 1), (1, 4, 3)]  # misses with chance .15 and .7
    assert too_many_missed(2, both) == pytest.approx(0.15 * 0.7)
    assert too_many_missed(1, both) == pytest.approx(1 - 0.85 * 0.3)


def test_the_levels_of_all_looks_sum_to_the_level():
    assert sum(look_level(0.01, look) for look in range(1, 10_000)) == pytest.approx(0.01, rel=1e-3)
