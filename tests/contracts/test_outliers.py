"""Every registered outlier detector: what it promises whatever it is."""

import numpy as np
import pytest

from core.contracts import OutlierMethod
from core.guard.outliers.base import Seen
from core.guard.outliers.fitting import CALIBRATION, INDEPENDENT, fit_outliers, outlier_threshold
from core.guard.outliers.registry import OUTLIERS

CLASSES, DIM = 3, 8


def seen(count: int, seed: int = 0, *, away: float = 0.0, labelled: bool = True) -> Seen:
    """Cases of three classes, each around a corner of its own; `away` moves them off along the empty directions."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, CLASSES, count)
    vectors = generator.normal(0, 0.2, (count, DIM))
    vectors[np.arange(count), labels] += 3 if away == 0 else 0
    vectors[:, CLASSES:] += away
    logits = 2 * vectors[:, :CLASSES]
    return Seen(vectors, {"kind": logits, "other": logits[:, :2]}, labels if labelled else np.full(count, -1))


@pytest.fixture(params=OUTLIERS)
def detector(request):
    return OUTLIERS[request.param]


def test_all_methods_of_the_policy_are_there():
    assert {*OUTLIERS, "none"} == set(OutlierMethod.__args__)
    assert all(name == detector.name and detector.title for name, detector in OUTLIERS.items())


def test_what_is_unlike_the_training_cases_scores_higher(detector):
    state = detector.fit(seen(300))
    usual, strange = detector.score(state, seen(200, 1)), detector.score(state, seen(200, 2, away=2.0))
    assert usual.shape == (200,)
    assert np.isfinite(usual).all()
    assert np.mean(strange[:, None] > usual[None]) > 0.99


def test_a_case_scores_the_same_alone_and_twice(detector):
    state, some = detector.fit(seen(300)), seen(20, 3)
    together = detector.score(state, some)
    alone = [detector.score(state, some.rows(np.array([row])))[0] for row in range(20)]
    np.testing.assert_allclose(together, alone, rtol=1e-9)


def test_one_training_case_and_none_with_a_label_are_enough(detector):
    for training in (seen(1), seen(30, labelled=False)):
        assert np.isfinite(detector.score(detector.fit(training), seen(5, 4))).all()


def test_a_vector_of_zeros_scores(detector):
    nothing = Seen(np.zeros((1, DIM)), {"kind": np.zeros((1, 3))}, np.zeros(1, dtype=np.int64))
    assert np.isfinite(detector.score(detector.fit(seen(50)), nothing)).all()


def test_the_threshold_is_for_cases_like_the_calibration_cases(detector):
    fitted = fit_outliers(detector.name, seen(400), seen(500, 5), 0.05)
    assert np.mean(fitted.calibration > fitted.threshold) == pytest.approx(0.05)
    assert np.mean(fitted.score(seen(1000, 6)) > fitted.threshold) < 0.1
    assert (np.diff(fitted.calibration) >= 0).all()
    assert set(detector.fit(seen(400))) | {CALIBRATION, INDEPENDENT} == set(fitted.state)
    assert (fitted.independent == fitted.calibration).all()


def test_one_case_of_each_group_is_what_later_cases_are_held_against(detector):
    fitted = fit_outliers(detector.name, seen(400), seen(50, 5), 0.05, np.asarray([3, 7, 9]))
    expected = np.sort(fitted.score(seen(50, 5).rows(np.asarray([3, 7, 9]))))
    assert fitted.independent == pytest.approx(expected, rel=1e-5)
    assert len(fitted.calibration) == 50


def test_without_cases_or_method_there_is_no_detector():
    none = seen(0)
    assert fit_outliers("none", seen(5), seen(5), 0.01) is None
    assert fit_outliers("knn", none, seen(5), 0.01) is None
    assert fit_outliers("knn", seen(5), none, 0.01) is None


def test_thresholds_by_hand():
    scores = np.arange(1.0, 11.0)
    assert outlier_threshold(scores, 0.1) == 9.0
    assert outlier_threshold(scores, 0.01) == 10.0
    assert outlier_threshold(scores, 0.5) == 5.0
