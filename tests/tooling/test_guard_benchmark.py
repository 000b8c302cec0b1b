"""The parts of `bench guard` about accepted answers and unlike cases."""

import numpy as np
import pytest

from core.contracts import BenchOptions
from tests.benchmarks import _guard_outliers as outliers
from tests.benchmarks import _guard_risk as risk


def test_violations_are_splits_above_alpha():
    found = [risk.Outcome(0.5, 0.2), risk.Outcome(0.5, 0.1), risk.Outcome(0.0, 0.0), risk.Outcome(0.1, 0.11)]
    figure = risk._violations(found)
    assert (figure.value, figure.n) == (0.5, 4)
    assert figure.low < 0.5 < figure.high


def test_separation_by_hand():
    known, odd = np.arange(100.0), np.array([50.0, 94.0, 200.0, 300.0])
    area, passing = outliers._separation(known, odd)
    assert passing == 0.5
    assert area == pytest.approx(np.mean([(known < one).mean() + 0.5 * (known == one).mean() for one in odd]))


@pytest.mark.slow
def test_a_quick_run_has_all_figures():
    options = BenchOptions(quick=True)
    found = {**risk.risk_figures(options), **outliers.outlier_figures(options)}
    wanted = {"risk_violations", "risk_delta", "ood_auroc", "ood_fpr95", "ood_auroc_energy", "ood_fpr95_mahalanobis"}
    assert wanted <= set(found)
    assert "ood_auroc_objects" not in found, "CIFAR-10 needs --data-root"
    assert found["risk_delta"].value == 0.1
    assert all(0 <= figure.value <= 1 for figure in found.values())
    assert found["ood_auroc"].value > 0.6
