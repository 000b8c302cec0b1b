"""Every registered gap, against Fairlearn and by its own rules."""

import warnings

import numpy as np
import pytest
from fairlearn import metrics

from core.errors import NotFound
from core.fairness.gaps import gap, gap_measure, gap_measures
from core.fairness.outcomes import outcomes_of
from core.fairness.tables import group_rates


def fairlearn(name):
    return {
        "demographic_parity": metrics.demographic_parity_difference,
        "equal_opportunity": metrics.equal_opportunity_difference,
        "equalised_odds": metrics.equalized_odds_difference,
        "worst_group": lambda truth, answers, sensitive_features: (
            metrics.MetricFrame(
                metrics=lambda t, a: float(np.mean(t != a)),
                y_true=truth, y_pred=answers, sensitive_features=sensitive_features,
            ).by_group.max()
        ),
    }[name]  # fmt: skip


RATIOS = {
    "demographic_parity": metrics.demographic_parity_ratio,
    "equal_opportunity": metrics.equal_opportunity_ratio,
    "equalised_odds": metrics.equalized_odds_ratio,
}


def world(seed, groups=3, n=400):
    generator = np.random.default_rng(seed)
    codes = generator.integers(0, groups, n)
    truth = generator.random(n) < 0.3 + 0.1 * (codes == 0)
    selected = generator.random(n) < 0.3 + 0.3 * truth + 0.1 * (codes == 1)
    return selected, truth, codes


@pytest.fixture(params=gap_measures(), ids=lambda measure: measure.name)
def measure(request):
    return request.param


@pytest.mark.parametrize("groups", [2, 5])
@pytest.mark.parametrize("seed", range(5))
def test_equals_fairlearn(measure, seed, groups):
    selected, truth, codes = world(seed, groups)
    expected = fairlearn(measure.name)(truth, selected, sensitive_features=codes)
    assert gap(measure.name, selected, truth, codes) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_equals_fairlearn_for_one_class_against_the_rest(measure, seed):
    generator = np.random.default_rng(seed)
    truth, answers, codes = (generator.integers(0, count, 300) for count in (4, 4, 3))
    for positive in range(4):
        own, said = truth == positive, answers == positive
        expected = fairlearn(measure.name)(own, said, sensitive_features=codes)
        assert gap(measure.name, said, own, codes) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_the_ratio_equals_fairlearns(measure, seed):
    selected, truth, codes = world(seed)
    ratio = measure.ratio(group_rates(outcomes_of(selected, truth), measure.rates, codes, 3))
    if measure.name not in RATIOS:
        assert ratio is None
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        expected = RATIOS[measure.name](truth, selected, sensitive_features=codes)
    assert float(ratio) == pytest.approx(expected, abs=1e-12)


def test_equal_groups_have_no_gap(measure):
    half = world(0)
    selected, truth = (np.concatenate([part, part]) for part in half[:2])
    codes = np.repeat([0, 1], len(half[0]))
    best = float(np.mean(selected != truth)) if measure.name == "worst_group" else 0.0
    assert gap(measure.name, selected, truth, codes) == pytest.approx(best, abs=1e-12)


def test_it_is_the_largest_of_its_comparisons(measure):
    selected, truth, codes = world(1, groups=4)
    rates = group_rates(outcomes_of(selected, truth), measure.rates, codes, 4)
    assert float(measure.contrasts(rates).max()) == pytest.approx(float(measure.value(rates)))
    assert 0 <= measure.decisive(rates) < len(measure.rates)


def test_cases_of_unknown_group_are_left_out(measure):
    selected, truth, codes = world(2)
    unknown = np.where(np.arange(len(codes)) % 3 == 0, -1, codes)
    known = unknown >= 0
    expected = gap(measure.name, selected[known], truth[known], codes[known])
    assert gap(measure.name, selected, truth, unknown) == pytest.approx(expected)


def test_without_cases_there_is_no_gap(measure):
    nothing = np.zeros(0, dtype=bool)
    assert gap(measure.name, nothing, nothing, np.zeros(0, dtype=np.int64)) == 0.0
    one = np.ones(3, dtype=bool)
    assert gap(measure.name, one, one, np.full(3, -1)) == 0.0


def test_an_unknown_gap_is_named():
    with pytest.raises(NotFound, match=r"no gap 'luck'\. Known: demographic_parity"):
        gap_measure("luck")
