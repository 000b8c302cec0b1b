"""Decisions by a rule of each group."""

import numpy as np

from core.models.deciding import CASE, GroupRule, GroupThresholds, Threshold, decided, reason_of

CLASSES = ("no", "yes")


def rule(group: str, value: float, **changes: object) -> GroupRule:
    """A rule that selects probabilities above `value`."""
    threshold = Threshold(operator=">", value=value)
    return GroupRule(**{"group": group, "first": threshold, "second": threshold, **changes})


def thresholds(*rules: GroupRule) -> GroupThresholds:
    return GroupThresholds(attribute="sex", positive="yes", metric="demographic_parity", seed=3, rules=rules)


def both(positive: list[float]) -> np.ndarray:
    return np.stack([1 - np.asarray(positive), np.asarray(positive)], axis=1)


def test_each_group_has_its_threshold_and_unknown_ones_the_ordinary_decision():
    rules = thresholds(rule("F", 0.3), rule("M", 0.7))
    known = [{"sex": "F"}, {"sex": "M"}, {"sex": "X"}, {}, None]
    assert decided(rules, CLASSES, both([0.4, 0.6, 0.6, 0.4, 0.6]), known).tolist() == [1, 0, 1, 0, 1]


def test_without_rules_or_without_anything_known_the_most_probable_answer_is_taken():
    probabilities = both([0.4, 0.6])
    assert decided(None, CLASSES, probabilities, [{"sex": "F"}] * 2).tolist() == [0, 1]
    assert decided(thresholds(rule("F", 0.3)), CLASSES, probabilities).tolist() == [0, 1]


def test_a_rule_that_leaves_something_to_chance_gives_a_case_the_same_answer_every_time():
    drawn = rule("F", 2.0, second=Threshold(operator=">", value=-2.0), first_share=0.3, second_share=0.7)
    known = [{"sex": "F", CASE: f"case {number}"} for number in range(2000)]
    probabilities = both([0.5] * 2000)
    first = decided(thresholds(drawn), CLASSES, probabilities, known)
    order = np.random.default_rng(0).permutation(2000)
    again = decided(thresholds(drawn), CLASSES, probabilities, [known[i] for i in order])
    assert (first[order] == again).all()
    assert abs(first.mean() - 0.7) < 0.04


def test_a_part_that_ignores_the_model_answers_by_its_constant():
    ignoring = rule("F", 0.5, ignore=0.25, constant=0.4, first_share=0.5, second_share=0.5)
    chances = ignoring.chance(np.array([0.4, 0.6]))
    assert np.allclose(chances, [0.25 * 0.4, 0.25 * 0.4 + 0.75])


def test_the_reason_says_which_rule_decided_and_when_none_did():
    rules = thresholds(rule("F", 0.3), rule("M", 0.5, ignore=0.2, constant=0.5))
    assert reason_of(rules, {"sex": "F"}) == "decided by the rule for sex F"
    assert "draw" in reason_of(rules, {"sex": "M"})
    assert "is not known" in reason_of(rules, {})


def test_rules_are_kept_as_plain_numbers():
    rules = thresholds(rule("F", 2.0))
    assert GroupThresholds.model_validate_json(rules.model_dump_json()) == rules
