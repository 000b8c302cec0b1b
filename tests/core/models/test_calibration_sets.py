import numpy as np
import pytest

from core.models.calibration import answer_sets, set_rule, softmax
from core.models.calibration.sets.base import ROUNDING, of_truth, order_statistic
from core.models.calibration.sets.raps import UNTUNED
from core.models.manifest import SetGroups
from tests.helpers.calibration_parts import blank, mapie_sets, sample

ROW = np.array([[0.5, 0.1, 0.4]])


def test_scores_by_hand():
    assert set_rule("lac").scores(blank(3), ROW) == pytest.approx(np.array([[0.5, 0.9, 0.6]]))
    assert set_rule("aps").scores(blank(3), ROW) == pytest.approx(np.array([[0.5, 1.0, 0.9]]))
    assert set_rule("aps").scores(blank(3), ROW, np.array([0.5])) == pytest.approx(np.array([[0.25, 0.95, 0.7]]))
    strict = blank(3, penalty=0.2, free_labels=1)
    assert set_rule("raps").scores(strict, ROW) == pytest.approx(np.array([[0.5, 1.4, 1.1]]))


def test_sets_by_hand_are_never_empty():
    assert answer_sets(blank(3, threshold=0.6), ROW).tolist() == [[True, False, True]]
    assert answer_sets(blank(3, threshold=0.92, sets="aps"), ROW).tolist() == [[True, False, True]]
    assert answer_sets(blank(3, threshold=0.45, sets="aps"), ROW).tolist() == [[True, False, True]]  # filled up to .9
    assert answer_sets(blank(3, threshold=0.45, sets="aps", coverage=0.5), ROW).tolist() == [[True, False, False]]
    for name in ("lac", "aps", "raps"):
        item = blank(3, sets=name, penalty=0.5)
        everything = item.model_copy(update={"threshold": set_rule(name).everything(item)})
        assert answer_sets(everything, ROW).all()


def test_sets_within_groups_use_the_group_of_the_case():
    groups = SetGroups(attribute="sex & view", thresholds={"F & AP": 0.95}, cases={"F & AP": 60, "M & AP": 3})
    item = blank(3, threshold=0.55, set_groups=groups)
    known = [{"sex": "F", "view": "AP"}, {"sex": "M", "view": "AP"}, {"sex": "F"}, None]
    assert answer_sets(item, np.repeat(ROW, 4, axis=0), known).sum(axis=1).tolist() == [3, 1, 1, 1]
    assert answer_sets(item, ROW).sum() == 1


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
@pytest.mark.parametrize("classes", [3, 10])
def test_adaptive_sets_given_the_same_draws_equal_mapie(classes, coverage):
    logits, labels = sample(250, classes, sharpness=1.0, seed=classes)
    known, others = softmax(logits), softmax(sample(100, classes, sharpness=1.0, seed=1)[0])
    reference = mapie_sets(known, labels, others, coverage, "aps", seed=7, include_last_label="randomized")
    rule, drawn = set_rule("aps"), np.random.RandomState(7)
    scores = of_truth(rule.scores(blank(classes), known, drawn.uniform(size=250)), labels)
    threshold = order_statistic(scores, coverage)
    draws = np.random.RandomState(7).uniform(size=100)
    assert np.array_equal(rule.scores(blank(classes), others, draws) - threshold <= ROUNDING, reference)


@pytest.mark.parametrize("name", ["lac", "aps", "raps"])
def test_coverage_holds_on_new_cases(name):
    """Mean over splits: the promise is kept, and the sets without draws are not much larger than needed."""
    covered = []
    for seed in range(20):
        logits, labels = sample(700, classes=6, sharpness=1.0, seed=seed)
        shown, rule = softmax(logits), set_rule(name)
        item, left = rule.tune(blank(6, sets=name), shown[:400], labels[:400], [str(row) for row in range(400)])
        scores = of_truth(rule.scores(item, shown[:400]), labels[:400])[left]
        sets = answer_sets(item.model_copy(update={"threshold": order_statistic(scores, 0.9)}), shown[400:])
        covered.append(sets[np.arange(300), labels[400:]].mean())
    assert 0.89 < np.mean(covered) < 0.94


def test_regularisation_is_chosen_on_cases_that_choose_no_threshold():
    logits, labels = sample(500, classes=10, sharpness=1.0)
    groups = [str(row // 5) for row in range(500)]
    item, left = set_rule("raps").tune(blank(10, sets="raps"), softmax(logits), labels, groups)
    assert item.penalty > 0
    assert 1 <= item.free_labels <= 10
    assert left.sum() == 400
    assert all(len(set(left[start : start + 5])) == 1 for start in range(0, 500, 5))  # patients stay together


def test_too_few_cases_leave_adaptive_sets_without_a_penalty_and_say_so():
    logits, labels = sample(60)
    item, left = set_rule("raps").tune(blank(sets="raps"), softmax(logits), labels, [str(row) for row in range(60)])
    assert (item.penalty, item.notes, left.all()) == (0.0, (UNTUNED,), True)
