"""Intervals over readers and cases: by hand, and what must not make them narrower."""

import math

import numpy as np
import pytest
from scipy.stats import t as student

from core.contracts import Estimate
from core.team.intervals import Clusters, least, mean, share, spread

RIGHT = np.asarray([1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0])
ONES = np.ones(8)


def clusters(readers, groups) -> Clusters:
    return Clusters(np.asarray(readers), np.asarray(groups))


ALONE = clusters([0] * 8, range(8))


def test_one_reader_with_a_case_for_each_read_is_a_plain_sample():
    found = mean(RIGHT, ALONE)
    half = student.ppf(0.975, 7) * np.std(RIGHT, ddof=1) / math.sqrt(8)
    assert (found.value, found.n) == (0.75, 8)
    assert (found.low, found.high) == pytest.approx((0.75 - half, 0.75 + half))


def test_a_share_has_wilsons_interval_at_the_answers_its_variance_stands_for():
    found = share(RIGHT, ONES, ALONE)
    n, z = 7.0, student.ppf(0.975, 7)  # variance .75 * .25 / 7
    centre = (0.75 + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(0.75 * 0.25 / n + z * z / (4 * n * n)) / (1 + z * z / n)
    assert (found.low, found.high) == pytest.approx((centre - half, centre + half))


def test_variances_of_cases_and_readers_add_up_without_what_both_hold():
    residuals = np.asarray([0.2, 0.1, -0.1, -0.2])
    found = spread(residuals, clusters([0, 0, 1, 1], [0, 1, 0, 1]))
    of_cases = (0.1**2 + 0.1**2) * 2
    between = (0.3**2 + 0.3**2) * 2 - (0.04 + 0.01 + 0.01 + 0.04) * 4 / 3
    assert found.variance == pytest.approx(of_cases + between)
    assert found.freedom == pytest.approx((of_cases + between) ** 2 / (of_cases**2 + between**2))


def test_more_reads_of_the_same_cases_by_one_reader_are_no_more_evidence():
    often = clusters([0] * 40, np.tile(np.arange(8), 5))
    once, again = share(RIGHT, ONES, ALONE), share(np.tile(RIGHT, 5), np.ones(40), often)
    assert (again.value, again.low, again.high) == pytest.approx((once.value, once.low, once.high))
    assert again.n == 40


def test_readers_who_differ_widen_it_and_a_busy_one_counts_as_fewer():
    right = np.repeat([1.0, 0.0, 1.0, 0.0], 25)
    same = np.tile([1.0, 0.0], 50)
    cases, four = np.arange(100), np.repeat(np.arange(4), 25)
    differing, alike = (mean(values, clusters(four, cases)) for values in (right, same))
    assert differing.high - differing.low > 5 * (alike.high - alike.low)
    busy = np.repeat([0, 1, 2, 3], [85, 5, 5, 5])
    assert spread(right - 0.5, clusters(busy, cases)).freedom < spread(right - 0.5, clusters(four, cases)).freedom


def test_all_right_leaves_room_for_doubt_and_one_group_says_nothing():
    all_right = share(ONES, ONES, ALONE)
    assert all_right.high == pytest.approx(1.0)
    assert 0.5 < all_right.low < 0.7
    one_group = clusters([0] * 8, [0] * 8)
    assert share(RIGHT, ONES, one_group).low < 0.02
    assert mean(RIGHT, one_group).high == math.inf


def test_nothing_to_count_is_no_figure():
    assert share(np.zeros(8), np.zeros(8), ALONE) is None
    assert mean(np.full(8, np.nan), ALONE) is None


def test_weights_count_cases_that_two_read_once():
    weights = np.asarray([0.5, 0.5, 1.0])
    found = share(weights * np.asarray([1, 1, 0]), weights, clusters([0, 1, 0], [0, 0, 1]))
    assert (found.value, found.n) == (0.5, 3)


def test_the_lesser_of_two_holds_for_either():
    found = least(Estimate(0.1, 0.0, 0.2, 9), Estimate(0.15, -0.1, 0.4, 9))
    assert found == Estimate(0.1, -0.1, 0.2, 9)
