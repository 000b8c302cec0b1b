"""Columns and the conditions that they make."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from core.fairness.columns import Column, column_of_words, conditions, taken
from core.fairness.intervals import divided, members, resampled, shuffled, wilson
from core.fairness.typical import typical


def words(columns, minimum):
    return {one.words: int(one.inside.sum()) for one in conditions(columns, minimum)}


def test_numbers_are_cut_at_quartiles_and_missing_is_a_condition():
    ages = np.array([1.0, 2, 3, 4, 5, 6, 7, 8, math.nan, math.nan])
    assert words([Column("age", ages, unit="years")], 2) == {
        "age up to 2 years": 2,
        "age over 2 years": 6,
        "age up to 4 years": 4,
        "age over 4 years": 4,
        "age up to 6 years": 6,
        "age over 6 years": 2,
        "age is missing": 2,
    }


def test_declared_cuts_are_used():
    assert words([Column("age", np.arange(10.0), cuts=(2,))], 1) == {"age up to 2": 3, "age over 2": 7}


def test_categories_are_conditions_where_enough_cases_have_them_and_enough_have_not():
    views = ("AP", "AP", "AP", "PA", "PA", None)
    assert words([Column("view", categories=views)], 1) == {"view is AP": 3, "view is PA": 2, "view is missing": 1}
    assert words([Column("view", categories=views)], 3) == {"view is AP": 3}
    assert words([Column("same", categories=("a",) * 6)], 1) == {}


def test_equal_subgroups_count_once():
    columns = [Column("one", categories=("a", "a", "b", "b")), Column("two", categories=("x", "x", "y", "y"))]
    assert words(columns, 1) == {"one is a": 2, "one is b": 2}


def test_stored_words_become_numbers_where_they_are_numbers():
    assert column_of_words("age", [str(age) for age in range(20)] + [None]).numbers is not None
    assert column_of_words("stage", ["1", "2", "3", None]).categories == ("1", "2", "3", None)
    assert column_of_words("code", [f"A{number}" for number in range(20)]).numbers is None


def test_a_column_without_a_name_says_its_categories_alone():
    assert Column("").is_category("cluster 3 of 8", False) == "not cluster 3 of 8"


@pytest.mark.parametrize(("count", "n"), [(0, 10), (10, 10), (3, 10), (1, 400)])
def test_wilson_is_that_of_scipy(count, n):
    expected = binomtest(count, n).proportion_ci(method="wilson")
    found = wilson(count, n)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert (found.value, found.n) == (count / n, n)


def test_wilson_of_nothing_is_not_a_number():
    assert math.isnan(wilson(0, 0).value)


def test_groups_stay_together():
    groups = ["a", "a", "b", "b", "c"]
    assert sorted(tuple(part) for part in members(groups)) == [(0, 1), (2, 3), (4,)]
    weights = resampled(groups, 0, 50)
    assert (weights[:, 0] == weights[:, 1]).all()
    assert set(weights[:, 0] + weights[:, 2] + weights[:, 4]) == {3.0}
    values = np.array([1.0, 1.0, 0.0, 0.0, 1.0])
    drawn = shuffled(values, groups, 0, 200)
    assert (drawn[0] == drawn[1]).all()
    assert (drawn.sum(axis=0) == 3).all()
    assert 60 < drawn[0].sum() < 140
    assert (drawn[4] == 1).all()


def test_a_column_of_some_cases_keeps_its_words_and_cuts():
    rows = np.array([True, False, True])
    numbers = taken(Column("age", np.array([1.0, 2.0, math.nan]), unit="years", cuts=(1.5,)), rows)
    assert (numbers.name, numbers.unit, numbers.cuts, numbers.numbers[0]) == ("age", "years", (1.5,), 1.0)
    assert taken(Column("view", categories=("AP", "PA", None)), rows).categories == ("AP", None)


def test_what_is_typical_is_over_represented_and_told_once_for_each_column():
    generator = np.random.default_rng(0)
    inside = np.arange(200) < 80
    view = np.where(inside, "AP", generator.choice(["AP", "PA"], 200, p=[0.1, 0.9]))
    ages = np.where(inside, 70.0, 30.0) + generator.random(200)
    columns = [
        Column("view", categories=tuple(view)),
        Column("age", ages),
        Column("sex", categories=tuple(generator.choice(["F", "M"], 200))),
    ]
    words = typical(inside, columns, 20)
    assert words.count("%") == 4
    assert "view is AP in 100 %, elsewhere" in words
    assert "age over" in words
    assert "sex" not in words
    assert typical(inside, columns[2:], 20) == ""
    assert typical(np.ones(200, dtype=bool), columns, 20) == ""


def test_nothing_is_divided_by_nothing():
    found = divided(np.array([1.0, 1.0]), np.array([2.0, 0.0]))
    assert found[0] == 0.5
    assert math.isnan(found[1])
