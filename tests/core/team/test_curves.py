"""Curves of who reads what: by hand, and that nothing is judged on what it was chosen on."""

from dataclasses import replace

import numpy as np
import pytest

from core.team.curves import curves, first_to_read, priced, unseen_cost
from core.team.deferral.base import Reads
from core.team.deferral.learned import Learned
from tests.helpers.team_parts import simulated_reads

COSTS = np.asarray([[0.0, 1.0], [3.0, 0.0]])


def halves(count: int = 40) -> Reads:
    """The model is right on the half that it is sure of, people on the other half; a read takes 36 seconds."""
    sure = np.arange(count) < count // 2
    truth = np.arange(count) % 2
    top = np.where(sure, 0.95, 0.55)
    answer = np.where(sure, truth, 1 - truth)
    rows = np.where(np.arange(2)[None] == answer[:, None], top[:, None], 1 - top[:, None])
    return Reads(
        np.asarray(["R1", "R2"] * (count // 2)), np.arange(count), np.asarray([f"g{i}" for i in range(count)]), truth,
        np.where(sure, 1 - truth, truth), rows, answer, np.where(sure, 1, 2), np.zeros((count, 0)),
        np.full(count, 36.0),
    )  # fmt: skip


def test_the_best_point_gives_people_the_half_that_they_are_good_at():
    for curve in curves(halves(), COSTS, hour_cost=5.0):
        best = curve.points[curve.best]
        assert (best.deferred, best.accuracy.value) == (0.5, 1.0)
        assert (best.hours, best.cost) == pytest.approx((0.5, 2.5))  # 50 reads of .01 hours, 5 each hour
        assert [point.accuracy.value for point in (curve.points[0], curve.points[-1])] == [0.5, 0.5]
        assert curve.points[0].cost == pytest.approx(100 * 0.5 * (1 + 3) / 2)
        assert curve.points[-1].cost == pytest.approx(100.0 + 5.0)
        assert curve.words.startswith("People read 50 % of the cases, the model decides the rest: 100 % right")


def test_reading_that_costs_too_much_is_left_to_the_model():
    assert {curve.best for curve in curves(halves(), COSTS, hour_cost=1000.0)} == {0}
    assert "The model decides every case" in curves(halves(), COSTS, 1000.0)[0].words


def test_no_answer_costs_the_dearest_error_and_unknown_times_are_the_mean():
    reads = halves()
    unsure = replace(reads, read=np.full(40, -1), seconds=np.where(np.arange(40) < 4, np.nan, 36.0))
    material = priced(unsure, COSTS, 1.0)
    assert material.person.tolist() == [1.0, 3.0] * 20
    assert material.hours.tolist() == pytest.approx([0.01] * 40)
    assert priced(replace(reads, seconds=np.full(40, np.nan)), COSTS, 1.0).hours.tolist() == [0.0] * 40


def test_a_case_counts_once_however_many_read_it():
    reads = simulated_reads()
    material = priced(reads, COSTS, 0.0)
    assert material.weights.sum() == pytest.approx(300)
    point = curves(reads, COSTS, 0.0)[0].points[10]
    assert point.deferred == 0.5
    order = first_to_read(1.0 - reads.certainty, reads.cases, 0.5)
    assert len(set(reads.cases[order].tolist())) == 150
    assert not set(reads.cases[order]) & set(reads.cases[~order])


def test_too_few_cases_or_reads_are_left_out():
    assert curves(halves(18), COSTS, 1.0) == ()
    assert [curve.rule for curve in curves(halves(40), COSTS, 1.0)] == ["confidence", "conformal"]


def test_the_learned_rule_finds_where_people_are_better():
    reads = simulated_reads(1500)
    found = {curve.rule: curve for curve in curves(reads, COSTS, 0.0)}
    middle = {rule: curve.points[10].accuracy.value for rule, curve in found.items()}
    assert middle["learned"] > middle["confidence"] + 0.02
    assert found["learned"].points[0] == found["confidence"].points[0]


def test_what_is_learnt_for_a_group_does_not_come_from_it():
    reads = simulated_reads()
    own = reads.groups == reads.groups[7]
    flipped = replace(reads, read=np.where(own, 1 - reads.read, reads.read))
    before, after = Learned().need(reads), Learned().need(flipped)
    assert before[own] == pytest.approx(after[own], abs=0)
    assert np.abs(before[~own] - after[~own]).max() > 0


def test_the_price_on_unseen_cases_is_not_flattered():
    """On pure noise the cheapest of 21 shares looks cheap; on cases that it was not chosen on it is not."""
    flattered, honest = [], []
    for seed in range(12):
        reads, noise = simulated_reads(60, seed), np.random.default_rng(seed)
        need = noise.random(60)[reads.cases]
        material = priced(reads, COSTS, 0.0)
        shares = [first_to_read(need, reads.cases, step / 20) for step in range(21)]
        flattered.append(min(material.cost(chosen) for chosen in shares))
        honest.append(unseen_cost(need, material))
    assert np.mean(honest) > np.mean(flattered) + 2
