"""Decision rules of groups, against Fairlearn itself."""

import numpy as np
import pytest
from fairlearn.postprocessing import ThresholdOptimizer
from sklearn.base import BaseEstimator

from core.errors import Refused
from core.fairness.gaps import gap
from core.fairness.thresholds import CONSTRAINTS, fit_thresholds
from core.models.deciding import CASE, GroupThresholds, decided


class Scores(BaseEstimator):
    """Answers with its inputs."""

    def __sklearn_is_fitted__(self):
        return True

    def fit(self, features, labels):
        return self

    def predict(self, features):
        return features[:, 0]


def drawn(cases: int = 1500) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    groups = generator.choice(["F", "M"], cases)
    probabilities = np.clip(generator.beta(2, 2, cases) + np.where(groups == "F", 0.1, -0.1), 0.01, 0.99)
    return probabilities, generator.random(cases) < probabilities, groups


@pytest.mark.parametrize("metric", CONSTRAINTS)
def test_chances_equal_fairlearns_and_close_the_gap(metric):
    probabilities, truth, groups = drawn()
    rules = fit_thresholds(probabilities, truth, list(groups), metric)
    theirs = ThresholdOptimizer(
        estimator=Scores(), constraints=CONSTRAINTS[metric], prefit=True, predict_method="predict"
    ).fit(probabilities[:, None], truth.astype(int), sensitive_features=groups)
    wanted = theirs._pmf_predict(probabilities[:, None], sensitive_features=groups)[:, 1]
    for rule in rules:
        inside = groups == rule.group
        assert np.allclose(rule.chance(probabilities[inside]), wanted[inside], atol=1e-12)
    known = [{"sex": group, CASE: str(case)} for case, group in enumerate(groups)]
    both = np.stack([1 - probabilities, probabilities], axis=1)
    thresholds = GroupThresholds(attribute="sex", positive="yes", metric=metric, rules=rules)
    selected, codes = decided(thresholds, ("no", "yes"), both, known) == 1, (groups == "M").astype(int)
    assert gap(metric, selected, truth, codes) < 0.05 < gap(metric, probabilities > 0.5, truth, codes)


def test_where_both_classes_count_the_same_rare_ones_are_found():
    generator = np.random.default_rng(1)
    groups = list(generator.choice(["F", "M"], 2000))
    probabilities = generator.beta(1, 6, 2000)
    truth = generator.random(2000) < probabilities
    shares = []
    for balanced in (False, True):
        found = fit_thresholds(probabilities, truth, groups, "demographic_parity", balanced=balanced)
        rules = {rule.group: rule for rule in found}
        shares.append(np.mean([rules[g].chance(np.array([p]))[0] for g, p in zip(groups, probabilities, strict=True)]))
    assert shares[0] < 0.05
    assert shares[1] > 0.2


def test_cases_of_unknown_group_and_groups_of_one_kind_get_no_rule():
    probabilities, truth, groups = drawn(300)
    names = [None if place < 30 else "X" if place < 60 else name for place, name in enumerate(groups)]
    truth[30:60] = True
    assert [rule.group for rule in fit_thresholds(probabilities, truth, names, "demographic_parity")] == ["F", "M"]


def test_what_thresholds_can_not_do_is_refused():
    probabilities, truth, groups = drawn(100)
    with pytest.raises(Refused, match="worst_group"):
        fit_thresholds(probabilities, truth, list(groups), "worst_group")
    with pytest.raises(Refused, match="0 of the groups"):
        fit_thresholds(probabilities, np.ones(100, dtype=bool), list(groups), "demographic_parity")
