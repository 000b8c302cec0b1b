"""Risk control: by hand, against MAPIE, and over many draws of a known truth."""

import numpy as np
import pytest
from mapie.risk_control import BinaryClassificationController, precision
from mapie.risk_control.fwer_control import FWERFixedSequenceTesting, control_fwer
from scipy.stats import binom

from core.guard.risk import STARTS, control_risk, one_per_group, p_values, proved, thresholds


def drawn(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities that are calibrated exactly: an answer of probability p is wrong with a chance of 1 - p."""
    generator = np.random.default_rng(seed)
    probability = generator.uniform(0.5, 1.0, count)
    return probability, generator.random(count) > probability


def test_p_values_by_hand():
    probability, wrong = np.array([0.9, 0.8, 0.7]), np.array([False, False, True])
    found = p_values(probability, wrong, np.array([0.95, 0.85, 0.75, 0.5]), 0.2)
    np.testing.assert_allclose(found, [1.0, 0.8, 0.64, 0.8**3 + 3 * 0.2 * 0.8**2])


def test_from_each_start_one_after_the_other_until_the_first_failure():
    values = np.array([0.5, 0.001, 0.001, 0.001, 0.3, 0.001])
    assert proved(values, 0.1, starts=2).tolist() == [False, False, False, True, False, False]
    assert proved(values, 0.1, starts=1).tolist() == [False] * 6
    assert proved(np.zeros(3), 0.1, starts=9).all()


@pytest.mark.parametrize("seed", range(20))
def test_what_is_proved_equals_mapie(seed):
    generator = np.random.default_rng(seed)
    values = np.where(generator.random(40) < 0.8, generator.uniform(0, 0.02, 40), generator.random(40))
    reference = control_fwer(values, 0.1, FWERFixedSequenceTesting(n_starts=STARTS))
    assert np.flatnonzero(proved(values, 0.1)).tolist() == reference.tolist()


@pytest.mark.filterwarnings("ignore:Fixed sequence testing requires a monotonic risk")
@pytest.mark.parametrize(("seed", "alpha"), [(1, 0.15), (2, 0.2), (3, 0.25)])
def test_p_values_equal_those_of_mapie_for_precision(seed, alpha):
    probability, wrong = drawn(1000, seed)
    tried = thresholds(2)
    controller = BinaryClassificationController(
        lambda rows: np.stack([1 - rows[:, 0], rows[:, 0]], axis=1),
        risk=precision,
        target_level=1 - alpha,
        confidence_level=0.9,
        list_predict_params=tried,
        fwer_method=FWERFixedSequenceTesting(n_starts=STARTS),
    ).calibrate(probability[:, None], (~wrong).astype(int))
    accepted = probability >= tried[:, None]
    one_more = binom.cdf((accepted & wrong).sum(axis=1) + 1, accepted.sum(axis=1), alpha)
    ours, theirs = p_values(probability, wrong, tried, alpha), controller.p_values[:, 0]
    assert np.isclose(ours, theirs).mean() > 0.7
    assert (ours <= theirs * (1 + 1e-9)).all()
    assert (theirs <= one_more * (1 + 1e-9)).all(), "n x (k / n) may lie just above k: MAPIE then rounds it up"
    assert control_risk(probability, wrong, 2, alpha, 0.1).threshold <= controller.valid_predict_params.min()


def test_the_promise_holds_over_many_draws():
    truth = drawn(200_000, 99)
    broken = 0
    for seed in range(200):
        found = control_risk(*drawn(300, seed), 2, 0.15, 0.1)
        chosen = truth[0] >= (found.threshold if found.threshold is not None else 2.0)
        broken += bool(chosen.any() and truth[1][chosen].mean() > 0.15)
    assert broken / 200 <= 0.1
    assert control_risk(*drawn(300, 0), 2, 0.15, 0.1).accepted > 100, "a rule that accepts hardly anything is easy"


@pytest.mark.parametrize("count", [0, 10])
def test_too_few_cases_prove_nothing(count):
    found = control_risk(np.full(count, 0.99), np.zeros(count, dtype=bool), 2, 0.05, 0.1)
    assert found.threshold is None
    assert found.accepted == 0


def test_a_model_that_is_always_wrong_accepts_nothing():
    assert control_risk(np.full(500, 0.99), np.ones(500, dtype=bool), 5, 0.05, 0.1).threshold is None


def test_thresholds_go_from_strict_to_all():
    tried = thresholds(4)
    assert (np.diff(tried) < 0).all()
    assert tried[-1] == pytest.approx(0.25)
    assert tried[0] > 0.999


def test_one_case_of_each_group():
    groups = np.array(["a", "b", "a", "c", "b"])
    chosen = one_per_group(groups, 0)
    assert sorted(groups[chosen]) == ["a", "b", "c"]
    assert {tuple(one_per_group(groups, seed)) for seed in range(20)} > {tuple(chosen)}
