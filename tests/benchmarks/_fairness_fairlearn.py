"""Theirs: Fairlearn's reduction and its thresholds on logistic regression, with the settings that they come with."""

import time
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from fairlearn.metrics import demographic_parity_difference, equalized_odds_difference
from fairlearn.postprocessing import ThresholdOptimizer
from fairlearn.reductions import DemographicParity, EqualizedOdds, ExponentiatedGradient
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from tests.benchmarks._fairness_data import Divided, Part
from tests.benchmarks._fairness_models import Answered

CONSTRAINTS: Mapping[str, tuple[type[Any], str]] = {
    "dp": (DemographicParity, "demographic_parity"),
    "eo": (EqualizedOdds, "equalized_odds"),
}
ITERATIONS = 1000


def reduced(split: Divided, aim: str) -> Answered:
    """Return the answers of ExponentiatedGradient to the test cases; it draws them at random from its models."""
    part, started = split.train, time.process_time()
    found = ExponentiatedGradient(_logistic(), constraints=CONSTRAINTS[aim][0]())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its use of pandas is deprecated
        found.fit(_features(part), part.truth, sensitive_features=part.codes)
    seconds = time.process_time() - started
    return Answered(np.asarray(found.predict(_features(split.test), random_state=split.seed)), seconds)


def thresholded(split: Divided, aim: str) -> Answered:
    """Return the answers of ThresholdOptimizer to the test cases; it needs the group of each."""
    part, started = split.train, time.process_time()
    fitted = _logistic().fit(_features(part), part.truth)
    found = ThresholdOptimizer(
        estimator=fitted,
        constraints=CONSTRAINTS[aim][1],
        objective="accuracy_score",
        prefit=True,
        predict_method="predict_proba",
    )
    found.fit(_features(part), part.truth, sensitive_features=part.codes)
    seconds = time.process_time() - started
    chosen = found.predict(_features(split.test), sensitive_features=split.test.codes, random_state=split.seed)
    return Answered(np.asarray(chosen), seconds)


def judged(split: Divided, selected: NDArray[np.int64]) -> Mapping[str, float]:
    """Return accuracy and both gaps on the test cases, as Fairlearn measures them."""
    part = split.test
    return {
        "accuracy": float(np.mean(selected == part.truth)),
        "dp_gap": float(demographic_parity_difference(part.truth, selected, sensitive_features=part.codes)),
        "eo_gap": float(equalized_odds_difference(part.truth, selected, sensitive_features=part.codes)),
    }


def _features(part: Part) -> NDArray[np.float64]:
    """Return features in double precision: single is too little for its thresholds."""
    return part.features.astype(np.float64)


def _logistic() -> LogisticRegression:
    return LogisticRegression(max_iter=ITERATIONS)
