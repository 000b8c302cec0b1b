"""Whether the rule that accepts answers keeps its promise: at most alpha wrong, but for a chance of delta.

The held-out rows of a table are split at random 200 times into 1,000 calibration cases and the rest; probabilities are
calibrated and the rule is chosen on the calibration cases, exactly as the product does it. `risk_violations`: share of
splits in which more than alpha of the accepted rest are wrong; its interval takes the splits
as independent, though they share rows. `risk_accepted`: share of the rest that is accepted, for a rule that accepts
nothing keeps any promise. `risk_violations_isotonic`: with the calibrator that bends most to its cases, in a quarter of
the splits.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from core.contracts import BenchOptions, CalibrationMethod, CalibrationSpec, Figure
from core.fairness.intervals import wilson
from core.guard.risk import control_risk
from core.models.calibration import calibrated
from core.models.calibration.fitting import CalibrationCases, fit_calibration
from core.models.manifest import TargetCalibration
from tests.benchmarks._fairness_data import divided
from tests.benchmarks._figures import mean_figure

ALPHA, DELTA = 0.1, 0.1
SPLITS, QUICK, CALIBRATION = 200, 10, 1000
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """What one split came to."""

    accepted: float
    """Share of the new cases that the rule accepts."""
    wrong: float
    """Share of wrong answers among those; 0 where there are none."""


def risk_figures(options: BenchOptions) -> Mapping[str, Figure]:
    """Return the figures of risk control; rows are Adult's where they are, else the arrests of a package."""
    data = options.data or ("adult" if options.data_root is not None else "arrests")
    splits = QUICK if options.quick else SPLITS
    worlds = [_world(options, data, seed) for seed in range(1 if options.quick else options.seeds)]
    plain = [_outcome(*worlds[turn % len(worlds)], turn, "temperature") for turn in range(splits)]
    bent = [_outcome(*worlds[turn % len(worlds)], turn, "isotonic") for turn in range(splits // 4)]
    return {
        "risk_violations": _violations(plain),
        "risk_alpha": Figure(ALPHA),
        "risk_delta": Figure(DELTA),
        "risk_accepted": mean_figure([one.accepted for one in plain], 0.0, 1.0),
        "risk_error": mean_figure([one.wrong for one in plain], 0.0, 1.0),
        "risk_violations_isotonic": _violations(bent),
        "risk_accepted_isotonic": mean_figure([one.accepted for one in bent], 0.0, 1.0),
    }


def _world(options: BenchOptions, data: str, seed: int) -> tuple[Array, NDArray[np.int64]]:
    """Return a model's logits [rows, 2] of rows that it never saw, and their labels."""
    parts = divided(options, data, seed)
    model = LogisticRegression(max_iter=1000).fit(parts.train.features, parts.train.truth)
    shown = np.asarray(model.decision_function(parts.test.features), dtype=np.float64)
    return np.stack([np.zeros_like(shown), shown], axis=1), parts.test.truth


def _outcome(logits: Array, truth: NDArray[np.int64], turn: int, method: CalibrationMethod) -> Outcome:
    order = np.random.default_rng(turn).permutation(len(truth))
    count = min(CALIBRATION, len(order) // 2)
    known, new = order[:count], order[count:]
    cases = CalibrationCases(logits[known], truth[known], [str(row) for row in known], [{}] * count)
    item = fit_calibration(TargetCalibration(target="t", classes=("no", "yes")), CalibrationSpec(method=method), cases)
    before, after = calibrated(item, logits[known]), calibrated(item, logits[new])
    rule = control_risk(before.max(axis=1), before.argmax(axis=1) != truth[known], 2, ALPHA, DELTA)
    accepted = after.max(axis=1) >= (2.0 if rule.threshold is None else rule.threshold)
    wrong = after.argmax(axis=1) != truth[new]
    return Outcome(float(accepted.mean()), float(wrong[accepted].mean()) if accepted.any() else 0.0)


def _violations(outcomes: list[Outcome]) -> Figure:
    share = wilson(sum(one.wrong > ALPHA for one in outcomes), len(outcomes))
    return Figure(share.value, share.low, share.high, share.n)
