"""The queue: order, words, and what the words may not tell."""

import pytest

from core.errors import NotFound
from core.learning.queue import entropy, margin, rank

CLASSES = ("cat", "dog", "owl")
SCORES = {1: (0.9, 0.05, 0.05), 2: (0.45, 0.44, 0.11), 3: (0.6, 0.3, 0.1)}


def test_scores_by_hand():
    assert margin((0.9, 0.1)) == pytest.approx(0.2)
    assert margin((0.5, 0.5, 0.0)) == 1.0
    assert entropy((1.0, 0.0)) == pytest.approx(0.0, abs=1e-9)
    assert entropy((0.25,) * 4) == pytest.approx(1.0)


def test_the_case_the_model_is_torn_about_comes_first():
    ranked = rank("margin", SCORES, [1, 2, 3], CLASSES)
    assert [item.case_id for item in ranked] == [2, 3, 1]
    assert ranked[0].reason == "the model is torn between cat and dog"


def test_the_blinded_reason_names_no_label():
    for strategy in ("margin", "entropy", "random"):
        for item in rank(strategy, SCORES, [1, 2, 3], CLASSES):
            assert not any(label in item.blinded_reason for label in CLASSES)


def test_cases_without_a_score_come_last_and_say_so():
    ranked = rank("entropy", SCORES, [7, 2], CLASSES)
    assert [item.case_id for item in ranked] == [2, 7]
    assert "not seen" in ranked[1].reason


def test_random_order_is_fixed_by_the_seed_and_differs_between_seeds():
    ids = list(range(50))
    orders = {seed: [item.case_id for item in rank("random", {}, ids, CLASSES, seed)] for seed in (0, 1)}
    assert orders[0] == [item.case_id for item in rank("random", {}, ids, CLASSES, 0)]
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == ids


def test_unknown_strategy_names_the_known():
    with pytest.raises(NotFound, match="margin, entropy, random"):
        rank("magic", SCORES, [1], CLASSES)
