"""Bootstrap, Holm and estimates against hand-worked answers and SciPy."""

import numpy as np
import pytest
from scipy import stats

from core.learning.statistics import (
    Resampler,
    estimate_mean,
    holm,
    interval,
    mean_difference,
    share_beyond,
    statistic_difference,
)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == [0.03, 0.06, 0.06]
    assert holm([0.5]) == [0.5]
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_mean_interval_agrees_with_scipy_bootstrap():
    values = np.random.default_rng(0).normal(size=120)
    ours = estimate_mean(values, Resampler.of_groups([str(i) for i in range(120)], seed=1))
    reference = stats.bootstrap(
        (values,), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    assert ours.n == 120
    assert ours.low == pytest.approx(reference.low, abs=0.03)
    assert ours.high == pytest.approx(reference.high, abs=0.03)


def test_resampling_draws_whole_groups():
    resampler = Resampler.of_groups(["a", "a", "b", "b", "b"], seed=0)
    assert (resampler.weights[:, 0] == resampler.weights[:, 1]).all()
    assert (resampler.weights[:, 2] == resampler.weights[:, 4]).all()
    assert (resampler.weights[:, 0] + resampler.weights[:, 2] == 2).all()


def test_grouped_cases_give_a_wider_interval_than_independent_ones():
    generator = np.random.default_rng(3)
    values = np.repeat(generator.normal(size=30), 10)
    independent = estimate_mean(values, Resampler.of_groups([str(i) for i in range(300)], seed=0))
    grouped = estimate_mean(values, Resampler.of_groups([str(i // 10) for i in range(300)], seed=0))
    assert grouped.high - grouped.low > 2 * (independent.high - independent.low)


def test_paired_difference_by_hand():
    champion, candidate = np.array([0.0, 1.0, 0.0, 1.0]), np.array([1.0, 1.0, 0.0, 1.0])
    difference = mean_difference(champion, candidate, Resampler.of_groups(list("abcd"), seed=0))
    assert difference.value == 0.25
    assert difference.n == 4
    assert difference.low == 0.0
    assert difference.high > 0.25


def test_no_change_has_an_interval_of_zero_width():
    same = np.ones(10)
    difference = mean_difference(same, same, Resampler.of_groups([str(i) for i in range(10)]))
    assert (difference.value, difference.low, difference.high) == (0.0, 0.0, 0.0)


def test_the_seed_decides_the_interval():
    values = np.arange(20.0)
    groups = [str(i) for i in range(20)]
    first, again = (estimate_mean(values, Resampler.of_groups(groups, seed=5)) for _ in range(2))
    assert first == again
    assert first != estimate_mean(values, Resampler.of_groups(groups, seed=6))


def test_statistic_difference_equals_mean_difference_for_the_mean():
    generator = np.random.default_rng(0)
    champion, candidate = generator.random(40), generator.random(40)
    resampler = Resampler.of_groups([str(i) for i in range(40)], seed=0)

    def mean(data, weights):
        return float((data * weights).sum() / weights.sum())

    one = statistic_difference(mean, champion, candidate, resampler, 40)
    other = mean_difference(champion, candidate, resampler)
    assert (one.low, one.high) == pytest.approx((other.low, other.high))


def test_p_value_points_the_right_way():
    draws = np.linspace(-0.5, -0.3, 100)
    assert share_beyond(draws, -0.1, better="higher") < 0.025
    assert share_beyond(draws, -0.1, better="lower") > 0.9
    assert share_beyond(np.array([np.nan]), 0.0, better="higher") == 1.0


def test_a_class_that_is_lost_fails_among_a_hundred():
    """2,000 draws alone can't say less than 1 / 2001, and a hundred times that is no evidence."""
    lost = np.random.default_rng(0).normal(-0.8, 0.05, 2000)
    assert holm([share_beyond(lost, -0.1, better="higher"), *[1.0] * 99])[0] < 0.025
    assert share_beyond(np.full(2000, -1.0), -0.1, better="higher") == 0.0
    assert share_beyond(np.array([*[-0.8] * 1999, 0.0]), -0.1, better="higher") == pytest.approx(2 / 2001)


def test_empty_input_is_said_not_guessed():
    assert np.isnan(estimate_mean(np.array([]), Resampler.of_groups([])).value)
    assert np.isnan(interval(np.array([]))[0])
    with pytest.raises(ValueError, match="no cases"):
        mean_difference(np.array([]), np.array([]), Resampler.of_groups([]))
