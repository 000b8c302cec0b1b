"""Drift: an alarm where cases change, hardly ever where they do not, however often one looks."""

import numpy as np
from scipy.stats import ks_2samp

from core.guard.drift import ALARM, FEWEST, level_of, look_for_drift


def scores(seed: int, count: int = 100, shift: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(shift, 1, count)


def test_the_test_is_kolmogorov_and_smirnovs():
    look = look_for_drift(scores(0), scores(1), 1, 7)
    assert look.p_value == ks_2samp(scores(0), scores(1)).pvalue
    assert (look.number, look.newest, look.n) == (1, 7, 100)


def test_cases_that_changed_raise_the_alarm_and_others_do_not():
    look = look_for_drift(scores(0), scores(1, shift=1.0), 1, 7)
    assert look.alarm
    assert "The last 100 cases" in look.words
    quiet = look_for_drift(scores(0), scores(1), 1, 7)
    assert not quiet.alarm
    assert quiet.words == ""


def test_false_alarms_stay_below_the_promise():
    alarms = [look_for_drift(scores(seed), scores(1000 + seed), 1, 7).alarm for seed in range(400)]
    assert np.mean(alarms) <= 2 * ALARM


def test_levels_of_all_looks_sum_to_the_promise():
    assert np.isclose(sum(level_of(look) for look in range(1, 20_000)), ALARM, rtol=1e-3)


def test_few_cases_tell_nothing():
    assert look_for_drift(scores(0), scores(1, FEWEST - 1), 1, 7) is None
    assert look_for_drift(scores(0, FEWEST - 1), scores(1), 1, 7) is None
