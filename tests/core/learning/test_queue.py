"""The queue: order, words, and what the words may not tell."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from core.errors import NotFound
from core.learning.queue import batches, entropy, margin, rank

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


def test_in_batches_the_place_is_independent_of_the_score():
    generator, found = np.random.default_rng(1), []
    for seed in range(200):
        scores = {case_id: (p, 1.0 - p) for case_id, p in enumerate(generator.random(60))}
        ranked = rank("margin", scores, list(scores), ["a", "b"], seed)
        for batch in batches(ranked, seed):
            found.append(spearmanr(range(len(batch)), [item.score for item in batch]).statistic)
    assert abs(np.mean(found)) < 4 * np.std(found) / len(found) ** 0.5
    assert np.std(found) == pytest.approx(1 / 19**0.5, rel=0.1)  # what chance gives with 20 cases


def test_a_batch_is_three_quarters_of_the_next_best_and_a_quarter_anybody():
    scores = {case_id: (0.5 + case_id / 400, 0.5 - case_id / 400) for case_id in range(100)}
    ranked = rank("margin", scores, list(scores), ["a", "b"])
    made = batches(ranked)
    assert sorted(item.case_id for batch in made for item in batch) == list(range(100))
    first = {item.case_id for item in made[0]}
    assert first >= set(range(15))
    assert max(first) > 25
    assert len({item.score for item in made[0]} & {item.score for item in ranked[:15]}) == 15
