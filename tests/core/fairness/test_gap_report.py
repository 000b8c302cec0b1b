"""Gaps with intervals and p-values: planted gaps are told, chance is not, small groups are left out."""

import numpy as np
import pytest

from core.fairness.gap_intervals import measured
from core.fairness.gap_report import Compared, attribute_fairness, comparable
from core.fairness.gaps import gap_measure
from core.fairness.grouping import MOST_GROUPS, grouping, groupings
from core.fairness.intervals import resampled
from core.fairness.outcomes import Outcomes
from core.fairness.permutation import permutation_test

pytestmark = pytest.mark.slow


def world(seed, n=400, groups=2, planted=0.0, alone=None):
    """Answers that find fewer positives in group `a` by `planted`."""
    generator = np.random.default_rng(seed)
    names = generator.choice(list("abcdefgh")[:groups], n)
    truth = generator.random(n) < 0.5
    chance = np.where(truth, 0.8 - planted * (names == "a"), 0.2)
    score = np.where(generator.random(n) < chance, 0.9, 0.1)
    selected = score > 0.5
    every = np.ones(n, dtype=bool)
    rows = [{"site": str(name)} for name in names]
    found = Outcomes(selected, truth, selected != truth, score, every, ~every)
    units = alone or [str(number) for number in range(n)]
    return Compared(found, grouping(rows, "site"), units, resampled(units, seed), 20, seed)


def gaps_of(compared, **limits):
    return {gap.metric: gap for gap in attribute_fairness(compared, limits).gaps}


def test_a_planted_gap_is_told_with_its_groups_and_its_chance():
    found = gaps_of(world(0, planted=0.4), equal_opportunity=0.1)["equal_opportunity"]
    assert (found.highest, found.lowest) == ("b", "a")
    assert 0.1 < found.difference.low < 0.4 < found.difference.high
    assert found.p_value < 0.01
    assert found.ratio.low <= found.ratio.value <= found.ratio.high < 1
    assert "over the policy's limit of 0.10" in found.words
    assert "more than chance" in found.words
    assert " in all)" in found.words


def test_equalised_odds_says_which_of_two_gaps_it_is():
    found = gaps_of(world(0, planted=0.4))
    odds, opportunity = found["equalised_odds"], found["equal_opportunity"]
    assert "positives that is found" in odds.title
    assert odds.difference.value == pytest.approx(opportunity.difference.value)
    assert odds.difference.n > opportunity.difference.n


def test_without_a_gap_the_interval_holds_zero_and_shuffles_say_chance():
    """Eight groups: the plain bootstrap of the largest difference would exclude zero nearly always."""
    excluded = unlikely = 0
    for seed in range(30):
        compared = world(seed, groups=8)
        found = measured(
            gap_measure("demographic_parity"), compared.outcomes, compared.found.codes, 8, compared.weights
        )
        chance = permutation_test(
            gap_measure("demographic_parity"), compared.outcomes, compared.found.codes, 8, compared.alone,
            seen=found.value, seed=seed, times=200,
        )  # fmt: skip
        excluded += found.low > 0
        unlikely += chance.p_value <= 0.05
        assert found.low <= found.value <= found.high
        assert np.quantile(found.draws, 0.025) > 0
        assert abs(chance.typical - found.value) < 0.3
    assert excluded <= 4
    assert unlikely <= 5


def test_the_interval_holds_the_true_gap_about_as_often_as_it_says():
    held = 0
    for seed in range(60):
        compared = world(seed, n=600, planted=0.2)
        found = measured(gap_measure("equal_opportunity"), compared.outcomes, compared.found.codes, 2, compared.weights)
        held += found.low <= 0.2 <= found.high
    assert held >= 54


def test_certain_rates_do_not_make_a_certain_gap():
    n = 60
    truth, names = np.ones(n, dtype=bool), ["a", "b"] * (n // 2)
    own = Outcomes(truth, truth, ~truth, truth.astype(float), truth, ~truth)
    rows, units = [{"site": name} for name in names], [str(number) for number in range(n)]
    found = attribute_fairness(Compared(own, grouping(rows, "site"), units, resampled(units, 0), 20, 0), {})
    gap = next(gap for gap in found.gaps if gap.metric == "equal_opportunity")
    assert gap.difference.value == gap.difference.low == 0.0
    assert 0.05 < gap.difference.high < 0.3
    rate = next(rate for rate in found.groups[0].rates if rate.rate == "true_positive_rate")
    assert (rate.estimate.value, rate.estimate.high) == (1.0, 1.0)
    assert 0.8 < rate.estimate.low < 0.95


def test_copies_of_few_patients_make_intervals_wider():
    twenty = [str(number // 20) for number in range(400)]
    alone, together = (gaps_of(world(4, alone=units))["demographic_parity"] for units in (None, twenty))
    assert together.difference.value == alone.difference.value
    assert together.difference.high - together.difference.low != alone.difference.high - alone.difference.low


def test_few_cases_are_marked_left_out_and_told():
    names = ["a"] * 200 + ["b"] * 190 + ["c"] * 10
    generator = np.random.default_rng(0)
    truth = generator.random(400) < 0.5
    selected = np.where(np.asarray(names) == "c", True, generator.random(400) < 0.5)
    own = Outcomes(selected, truth, selected != truth, selected.astype(float), truth, ~truth)
    rows, units = [{"site": name} for name in names], [str(number) for number in range(400)]
    found = attribute_fairness(Compared(own, grouping(rows, "site"), units, resampled(units, 0), 20, 0), {})
    assert [(row.group, row.n, row.small) for row in found.groups] == [
        ("a", 200, False),
        ("b", 190, False),
        ("c", 10, True),
    ]
    parity = next(gap for gap in found.gaps if gap.metric == "demographic_parity")
    assert "c" not in (parity.highest, parity.lowest)
    assert "fewer than 20 cases" in found.note
    assert found.note.endswith("compared with nothing: c.")
    assert parity.difference.n == 390


def test_a_gap_of_positives_leaves_out_groups_with_few_positives():
    names = ["a"] * 100 + ["b"] * 100 + ["c"] * 100
    truth = np.asarray([number % 2 == 0 and (number < 200 or number < 230) for number in range(300)])
    own = Outcomes(truth, truth, ~truth & truth, truth.astype(float), truth, truth)
    found = grouping([{"site": name} for name in names], "site")
    assert comparable(gap_measure("equal_opportunity"), own, found, 20).names == ("a", "b")
    assert comparable(gap_measure("demographic_parity"), own, found, 20).names == ("a", "b", "c")


def test_groups_are_by_size_and_intersections_need_cases():
    rows = [{"sex": "F", "view": "AP"}] * 30 + [{"sex": "M", "view": "PA"}] * 40 + [{"sex": "M"}] * 5
    single, other, both = groupings(rows, ("sex", "view"), 20)
    assert (single.names, single.sizes.tolist(), single.unknown) == (("M", "F"), [45, 30], 0)
    assert (other.names, other.unknown) == (("PA", "AP"), 5)
    assert (both.attribute, both.names) == ("sex & view", ("M & PA", "F & AP"))
    assert len(groupings(rows, ("sex", "view"), 35)) == 2


def test_more_groups_than_can_be_shown_are_counted():
    found = grouping([{"ward": str(number % 15)} for number in range(150)], "ward")
    assert len(found.names) == MOST_GROUPS
    assert found.others == 3
    assert int((found.codes < 0).sum()) == 30


def test_patients_of_any_size_are_shuffled_where_each_is_in_one_group():
    """Forty patients with 1 to 40 cases: between equal sizes alone nothing could be shuffled."""
    units = [str(patient) for patient in range(40) for _ in range(patient + 1)]
    codes = np.asarray([int(unit) % 2 for unit in units])
    generator = np.random.default_rng(0)
    truth = generator.random(len(units)) < 0.5
    for chances, expected in (((0.2, 0.7), True), ((0.5, 0.5), False)):
        selected = generator.random(len(units)) < np.asarray(chances)[codes]
        own = Outcomes(selected, truth, selected != truth, selected.astype(float), truth, truth)
        measure = gap_measure("demographic_parity")
        seen = measured(measure, own, codes, 2, resampled(units, 0, 300)).value
        chance = permutation_test(measure, own, codes, 2, units, seen=seen, seed=0, times=200)
        assert (chance.p_value < 0.05) == expected
        assert chance.typical < 0.2
