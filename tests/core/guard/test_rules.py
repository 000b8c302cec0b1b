"""The judgement of an answer: every reason by itself, their order, and the words."""

from dataclasses import asdict, replace

import pytest

from core.contracts import Deferral, Estimate, Prediction, RiskRule, TargetAnswer
from core.guard.drift import DriftLook
from core.guard.limits import hourly, limit_words, named_labels
from core.guard.rules import (
    CaseFacts,
    GuardRules,
    ScoreRule,
    is_silenced,
    judged,
    policy_of,
    read_rules,
    silenced,
)
from core.storage.columns import from_json, to_json
from tests.helpers.model_parts import spec_of

SURE = TargetAnswer("shape", "a", ("a", "b"), (0.9, 0.1), ("a",), False, "a is the only answer that it can't rule out")
RULES = GuardRules(
    policy="",
    outliers=ScoreRule(2.0, 100, "knn", 400),
    suspicion=ScoreRule(0.5, 100),
    lacking={},
    groups={"sex": {"f": 3, "m": 30}},
    training_n=400,
)
HALF = Estimate(0.5, 0.4, 0.6, 100)


def policy(**guard):
    return spec_of(
        guard=guard,
        targets=[{"name": "shape", "classes": ["a", "b"], "display": {"a": "a round one"}}],
        attributes=[{"name": "sex", "sensitive": True}],
    )


def reasons(answer: TargetAnswer) -> list[str]:
    return [deferral.reason for deferral in answer.deferrals]


def test_an_answer_without_a_reason_is_given_in_its_own_words():
    answer = judged(policy(), RULES, SURE, CaseFacts(outlier=1.9, suspicion=0.4, attributes={"sex": "m"}))
    assert answer == SURE


@pytest.mark.parametrize(
    ("facts", "reason", "words"),
    [
        (CaseFacts(outlier=2.5), "outlier", "distance to the nearest training cases 2.5, above 2"),
        (CaseFacts(suspicion=0.6), "suspicious", "a hint only"),
        (CaseFacts(attributes={"sex": "f"}), "group", "sex f: 3 training cases, fewer than 20"),
        (CaseFacts(attributes={"sex": "x"}), "group", "sex x: 0 training cases"),
    ],
)
def test_what_is_odd_about_a_case_leaves_it_to_people(facts, reason, words):
    answer = judged(policy(minimum_group=20), RULES, SURE, facts)
    assert answer.defers
    assert reasons(answer) == [reason]
    assert words in answer.reason


def test_a_missing_field_counts_where_hardly_any_training_case_lacked_it():
    spec = spec_of(fields=[{"name": "age", "kind": "numeric", "required": False}, {"name": "w", "kind": "numeric"}])
    assert reasons(judged(spec, RULES, SURE, CaseFacts(missing=("age",)))) == ["outlier"]
    usual = replace(RULES, lacking={"age": 40})
    assert not judged(spec, usual, SURE, CaseFacts(missing=("age",))).defers


def test_a_set_of_several_is_left_to_people():
    torn = replace(SURE, answer_set=("a", "b"), reason="can't rule out a, b")
    answer = judged(policy(), RULES, torn, CaseFacts())
    assert reasons(answer) == ["set"]
    assert answer.reason == "can't rule out a, b"


@pytest.mark.parametrize(
    ("threshold", "words"),
    [(0.95, "its probability 0.90 is below 0.95"), (None, "no rule keeps wrong answers at or below 5 %")],
)
def test_below_the_risk_rule_an_answer_is_left_to_people(threshold, words):
    risk = RiskRule("shape", 0.05, 0.1, threshold, HALF, HALF, "")
    answer = judged(policy(alpha=0.05), replace(RULES, risks=(risk,)), SURE, CaseFacts())
    assert reasons(answer) == ["risk"]
    assert words in answer.reason
    accepted = replace(risk, threshold=0.9)
    assert not judged(policy(alpha=0.05), replace(RULES, risks=(accepted,)), SURE, CaseFacts()).defers


def test_a_promise_without_a_rule_yet_leaves_all_to_people():
    assert reasons(judged(policy(alpha=0.05), None, SURE, CaseFacts())) == ["risk"]
    assert not judged(policy(), None, SURE, CaseFacts()).defers


def test_an_alarm_for_drift_leaves_all_to_people():
    rules = replace(RULES, drift=DriftLook(1, 9, 50, 0.0001, 0.006))
    assert reasons(judged(policy(), rules, SURE, CaseFacts())) == ["drift"]


def test_the_limits_of_the_workspace_hold_whatever_is_measured():
    never = judged(policy(never_accept=["a"]), None, SURE, CaseFacts())
    assert never.reason == "the workspace's rules: the model may never decide a round one by itself"
    two = judged(policy(two_readers=["shape=a"]), None, SURE, CaseFacts())
    assert "two people always read what may be a round one" in two.reason
    assert not judged(policy(never_accept=["b"], two_readers=["b"]), None, SURE, CaseFacts()).defers


def test_all_reasons_are_there_the_main_one_first():
    torn = replace(SURE, answer_set=("a", "b"))
    answer = judged(policy(never_accept=["a"]), RULES, torn, CaseFacts(outlier=3.0, suspicion=1.0))
    assert reasons(answer) == ["outlier", "suspicious", "set", "behaviour"]
    assert answer.reason == answer.deferrals[0].words


def test_a_silenced_answer_says_nothing_else():
    answer = silenced(SURE, "suspended: odd")
    assert (answer.label, answer.probabilities, answer.answer_set) == ("", (), ())
    assert answer.deferrals == (Deferral("suspended", "suspended: odd"),)
    assert is_silenced(Prediction("v1", (answer,)))
    assert not is_silenced(Prediction("v1", (SURE,)))


def test_rules_come_back_whole():
    rules = replace(
        RULES,
        risks=(RiskRule("shape", 0.05, 0.1, None, HALF, replace(HALF, value=float("inf")), "words"),),
        drift=DriftLook(1, 9, 50, 0.2, 0.006),
    )
    assert read_rules(from_json(to_json(asdict(rules)))) == rules


def test_only_what_rules_depend_on_makes_them_anew():
    assert policy_of(policy(never_accept=["a"], per_hour=3).guard) == policy_of(policy().guard)
    assert policy_of(policy(alpha=0.1).guard) != policy_of(policy().guard)


def test_limits_in_words():
    spec = policy(never_accept=["a"], two_readers=["shape=b"], per_hour=5, minimum_group=20)
    assert limit_words(spec) == (
        "The model never decides a round one by itself.",
        "Two people always read what the model or a reader calls b.",
        "At most 5 decisions in any hour by the model itself.",
        "Groups with fewer than 20 training cases are left to people.",
    )
    assert limit_words(policy()) == ()
    assert hourly(5).limit == 5.0


def test_labels_of_a_policy():
    spec = spec_of(targets=[{"name": "p", "classes": ["a", "b"]}, {"name": "q", "classes": ["a", "c"]}])
    assert named_labels(spec, ["a"]) == (("p", "a"), ("q", "a"))
    assert named_labels(spec, ["q=a", "c"]) == (("q", "a"), ("q", "c"))
