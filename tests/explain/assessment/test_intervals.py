"""Intervals, against SciPy and by counting how often they are right."""

import pytest
import torch
from scipy import stats

from explain.assessment.intervals import bootstrap_mean, mean_interval, next_interval, share_interval

VALUES = [0.2, 0.5, 0.4, 0.9, 0.35]


def test_bootstrap_is_scipys_percentile_interval_for_many_values() -> None:
    values = torch.rand(300, generator=torch.Generator().manual_seed(1)).tolist()
    own = bootstrap_mean(values)
    reference = stats.bootstrap((values,), lambda x, axis: x.mean(axis=axis), method="percentile", rng=0)
    assert own is not None
    assert own.value == pytest.approx(sum(values) / 300)
    assert own.low == pytest.approx(reference.confidence_interval.low, abs=0.003)
    assert own.high == pytest.approx(reference.confidence_interval.high, abs=0.003)
    assert own.n == 300
    assert own == bootstrap_mean(values)


def test_bootstrap_of_few_values_holds_their_mean_as_often_as_it_says() -> None:
    drawn = torch.randn(600, 6, generator=torch.Generator().manual_seed(0)).tolist()
    intervals = [bootstrap_mean(row) for row in drawn]
    assert sum(one is not None and one.low <= 0 <= one.high for one in intervals) >= 0.92 * 600


def test_students_interval_is_scipys() -> None:
    own = mean_interval(VALUES)
    low, high = stats.t.interval(0.95, 4, loc=0.47, scale=stats.sem(VALUES))
    assert own is not None
    assert (own.value, own.low, own.high, own.n) == (pytest.approx(0.47), pytest.approx(low), pytest.approx(high), 5)


def test_the_next_value_falls_into_its_interval_as_often_as_it_says() -> None:
    drawn = torch.randn(1000, 11, generator=torch.Generator().manual_seed(0)).tolist()
    hits = 0
    for row in drawn:
        interval = next_interval(row[:10])
        hits += interval is not None and interval.low <= row[10] <= interval.high
    assert hits == pytest.approx(950, abs=20)


def test_intervals_are_cut_to_what_is_possible() -> None:
    interval = next_interval([0.0, 1.0], 0.0, 1.0)
    assert interval is not None
    assert (interval.low, interval.high) == (0.0, 1.0)


def test_nothing_comes_of_too_few_values() -> None:
    assert bootstrap_mean([]) is None
    assert mean_interval([0.5]) is None
    assert next_interval([]) is None
    assert share_interval([]) is None


@pytest.mark.parametrize(("hits", "n"), [(0, 6), (6, 6), (3, 12), (1, 1)])
def test_the_interval_of_a_share_is_wilsons(hits: int, n: int) -> None:
    own = share_interval([1.0] * hits + [0.0] * (n - hits))
    reference = stats.binomtest(hits, n).proportion_ci(method="wilson")
    assert own is not None
    assert (own.value, own.n) == (pytest.approx(hits / n), n)
    assert (own.low, own.high) == (pytest.approx(reference.low), pytest.approx(reference.high))
    assert own.high - own.low > 0.3
