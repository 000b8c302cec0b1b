"""Planted subgroups are found, chance is not."""

import numpy as np
import pytest

from core.fairness.columns import Column
from core.fairness.slices import find_known_and_alike, find_slices

N = 600


def world(seed=0):
    """Views, sexes, ages and sites of cases; nothing of it is related."""
    generator = np.random.default_rng(seed)
    view, sex = generator.choice(["AP", "PA"], N), generator.choice(["F", "M"], N)
    age, site = generator.integers(18, 90, N).astype(float), generator.choice(list("abcd"), N)
    columns = [
        Column("view", categories=tuple(view)),
        Column("sex", categories=tuple(sex)),
        Column("age", age, unit="years"),
        Column("site", categories=tuple(site)),
    ]
    return generator, view, sex, age, columns


def alone(n=N):
    return [str(number) for number in range(n)]


def test_a_planted_subgroup_of_one_condition_is_the_only_one():
    generator, view, _, _, columns = world()
    wrong = generator.random(N) < np.where(view == "AP", 0.4, 0.1)
    search = find_slices(wrong, columns, alone(), minimum=20, seed=0)
    assert [one.words for one in search.found] == ["view is AP"]
    found = search.found[0]
    assert found.p_value <= 0.01
    assert found.error.value == pytest.approx(wrong[view == "AP"].mean())
    assert found.elsewhere.value == pytest.approx(wrong[view == "PA"].mean())
    assert found.difference.value == pytest.approx(found.error.value - found.elsewhere.value)
    assert 0 < found.difference.low < found.difference.value < found.difference.high
    assert found.error.n + found.elsewhere.n == N
    assert search.looked_at > 50


def test_a_planted_pair_of_conditions_is_found_as_the_pair():
    generator, view, sex, _, columns = world(1)
    wrong = generator.random(N) < np.where((view == "AP") & (sex == "F"), 0.45, 0.1)
    found = find_slices(wrong, columns, alone(), minimum=20, seed=0).found
    assert found[0].words == "view is AP and sex is F"
    assert len(found) == 1


def test_chance_finds_nothing_as_often_as_it_says():
    hits = 0
    for seed in range(20):
        generator, *_, columns = world(seed)
        search = find_slices(generator.random(N) < 0.2, columns, alone(), minimum=20, seed=seed)
        hits += bool(search.found)
        assert search.worst is not None
    assert hits <= 4


def test_copies_of_few_patients_are_no_evidence():
    """30 patients of 20 equal cases: case by case the difference would be certain."""
    generator = np.random.default_rng(3)
    view = np.repeat(generator.choice(["AP", "PA"], 30), 20)
    wrong = np.repeat(generator.random(30) < np.where(view[::20] == "AP", 0.35, 0.2), 20)
    columns = [Column("view", categories=tuple(view))]
    assert find_slices(wrong, columns, alone(), minimum=20, seed=0).worst.p_value < 0.05
    patients = [str(number // 20) for number in range(N)]
    grouped = find_slices(wrong, columns, patients, minimum=20, seed=0)
    assert grouped.found == ()
    assert grouped.worst.p_value > 0.05


@pytest.mark.parametrize("wrong", [np.zeros(N, dtype=bool), np.ones(N, dtype=bool)])
def test_without_right_or_wrong_answers_there_is_nothing_to_find(wrong):
    search = find_slices(wrong, world()[-1], alone(), minimum=20, seed=0)
    assert search.found == ()
    assert search.worst is None


def test_without_conditions_nothing_is_looked_at():
    assert find_slices(np.arange(N) < 5, [], alone(), minimum=20, seed=0).looked_at == 0


def test_equal_seeds_find_the_same():
    generator, view, _, _, columns = world()
    wrong = generator.random(N) < np.where(view == "AP", 0.3, 0.1)
    one, other = (find_slices(wrong, columns, alone(), minimum=20, seed=4) for _ in range(2))
    assert [(s.words, s.p_value, s.difference) for s in one.found] == [
        (s.words, s.p_value, s.difference) for s in other.found
    ]


def test_clusters_come_last_and_hide_nothing():
    generator, view, _, _, columns = world()
    wrong = generator.random(N) < np.where(view == "AP", 0.4, 0.1)
    alike = Column("", categories=tuple("cluster 1 of 2" if bad else "cluster 2 of 2" for bad in wrong))
    search = find_known_and_alike(wrong, [*columns, alike], alone(), minimum=20, seed=0)
    assert [one.words for one in search.found] == ["view is AP", "cluster 1 of 2"]
    plain = find_slices(wrong, columns, alone(), minimum=20, seed=0)
    assert search.looked_at == plain.looked_at + 2
    assert find_slices(wrong, [*columns, alike], alone(), minimum=20, seed=0).found[0].words == "cluster 1 of 2"
