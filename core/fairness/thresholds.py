"""A decision rule for each group, found after training: what closes a gap without changing the network."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from core.contracts import GapMetric
from core.errors import Refused
from core.fairness.intervals import Array, Booleans
from core.models.deciding import GroupRule, Threshold

CONSTRAINTS: dict[GapMetric, str] = {
    "demographic_parity": "demographic_parity",
    "equalised_odds": "equalized_odds",
    "equal_opportunity": "true_positive_rate_parity",
}
"""Fairlearn's names of the gaps that thresholds can close."""
BEYOND = 2.0
"""Stands for an endless threshold: no probability is larger, none is smaller than its negative."""


def fit_thresholds(
    probabilities: Array,
    truth: Booleans,
    groups: Sequence[str | None],
    metric: GapMetric,
    *,
    balanced: bool = False,
) -> tuple[GroupRule, ...]:
    """Return the rule of each group that closes a gap with the fewest wrong answers.

    Groups that have only positives, or only negatives, get no rule: their cases keep the ordinary decision.

    Parameters
    ----------
    probabilities
        Calibrated probabilities of the positive class, [n].
    truth
        Whether the reference label is the positive class, [n].
    groups
        The group of each case, None where it is unknown, [n].
    metric
        The gap to close: demographic parity, equal opportunity or equalised odds.
    balanced
        Whether both classes count the same, however frequent they are.

    Raises
    ------
    Refused
        When thresholds can't close that gap, or fewer than two groups have both positives and negatives.

    Source
    ------
    Hardt, Price and Srebro, Equality of Opportunity in Supervised Learning, NeurIPS 2016; by Fairlearn's
    ThresholdOptimizer.
    """
    if metric not in CONSTRAINTS:
        raise Refused(f"Thresholds close the gaps {', '.join(CONSTRAINTS)}, not {metric}. Ask for one of those.")
    names = np.asarray(["" if group is None else group for group in groups], dtype=object)
    usable = sorted({name for name in names if name and len(set(truth[names == name].tolist())) == 2})
    if len(usable) < 2:
        raise Refused(
            f"{len(usable)} of the groups have both positive and negative cases; thresholds need two that do. Label "
            "more cases."
        )
    inside = np.isin(names, usable)
    given = probabilities[inside], truth[inside], names[inside].astype(str)
    found = _fitted(*given, CONSTRAINTS[metric], "balanced_accuracy_score" if balanced else "accuracy_score")
    return tuple(_rule(name, found[name]) for name in usable)


def _fitted(probabilities: Array, truth: Booleans, groups: Any, constraint: str, objective: str) -> dict[str, Any]:
    from fairlearn.postprocessing import ThresholdOptimizer  # loads slowly
    from sklearn.base import BaseEstimator

    class Given(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
        """A model that was fitted before: its scores are its inputs."""

        def __sklearn_is_fitted__(self) -> bool:
            return True

        def fit(self, features: Array, labels: Booleans) -> "Given":
            return self

        def predict(self, features: Array) -> Array:
            return np.asarray(features)[:, 0]

    optimiser = ThresholdOptimizer(
        estimator=Given(), constraints=constraint, objective=objective, prefit=True, predict_method="predict"
    )
    optimiser.fit(probabilities[:, None], truth.astype(int), sensitive_features=groups)
    return dict(optimiser.interpolated_thresholder_.interpolation_dict)


def _rule(group: str, found: Any) -> GroupRule:
    """Return Fairlearn's interpolation of a group as plain numbers."""
    return GroupRule(
        group=group,
        ignore=_share(found.get("p_ignore", 0.0)),
        constant=_share(found.get("prediction_constant", 0.0)),
        first=_threshold(found["operation0"]),
        first_share=_share(found["p0"]),
        second=_threshold(found["operation1"]),
        second_share=_share(found["p1"]),
    )


def _share(value: float) -> float:
    return min(1.0, max(0.0, float(value)))


def _threshold(operation: Any) -> Threshold:
    value = float(operation.threshold)
    return Threshold(operator=operation.operator, value=value if math.isfinite(value) else math.copysign(BEYOND, value))
