"""Figures of one model of a trade-off, and which models are worth choosing from."""

import numpy as np
import pytest

from core.fairness.gaps import gap
from core.fairness.measuring import Cases, figures
from core.fairness.pareto import efficient


def drawn(n: int = 400) -> tuple[Cases, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    women, labels = generator.random(n) < 0.5, generator.integers(0, 2, n)
    chosen = np.where(generator.random(n) < np.where(women, 0.9, 0.7), labels, 1 - labels)
    rows = [{"sex": "F" if one else "M"} for one in women]
    return Cases(labels, rows, [str(place) for place in range(n)]), chosen, women.astype(int)


def test_figures_are_those_of_the_answers_with_n_and_interval():
    cases, chosen, codes = drawn()
    found = figures(cases, chosen, 1, "sex", 20)
    assert found.accuracy.value == pytest.approx((chosen == cases.labels).mean())
    for estimate, metric in (
        (found.demographic_parity, "demographic_parity"),
        (found.equalised_odds, "equalised_odds"),
    ):
        assert estimate.value == pytest.approx(gap(metric, chosen == 1, cases.labels == 1, codes))
        assert estimate.low <= estimate.value <= estimate.high
        assert estimate.n == 400


def test_small_groups_and_cases_of_unknown_group_are_left_out_of_the_gaps():
    cases, chosen, codes = drawn()
    rows = [{} if place < 10 else {"sex": "X"} if place < 25 else row for place, row in enumerate(cases.attributes)]
    found = figures(Cases(cases.labels, rows, cases.units), chosen, 1, "sex", 20)
    assert found.demographic_parity.n == 375
    wanted = gap("demographic_parity", chosen[25:] == 1, cases.labels[25:] == 1, codes[25:])
    assert found.demographic_parity.value == pytest.approx(wanted)
    assert found.accuracy.n == 400


def test_where_hardly_a_group_is_large_all_are_compared_and_one_group_has_no_gap():
    cases, chosen, _ = drawn(30)
    assert figures(cases, chosen, 1, "sex", 20).demographic_parity.n == 30
    assert figures(cases, chosen, 1, "age", 20).demographic_parity.n == 0


def test_a_point_is_efficient_unless_another_is_as_good_in_both_and_better_in_one():
    assert efficient((0.9, 0.9, 0.8, 0.7), (0.2, 0.3, 0.1, 0.1)) == (True, False, True, False)
    assert efficient((0.8, 0.8), (0.1, 0.1)) == (True, True)
    assert efficient((0.9, 0.8), (float("nan"), 0.1)) == (True, True)
