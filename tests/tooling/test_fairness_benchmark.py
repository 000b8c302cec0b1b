"""The parts of `bench fairness`: everybody gets the same cases and features, and it runs."""

import numpy as np
import pytest

from core.contracts import BenchOptions, Figure
from core.errors import NotFound
from tests.benchmarks import fairness as bench
from tests.benchmarks._fairness_data import TEST, VALIDATION, divided

pytestmark = pytest.mark.slow

QUICK = BenchOptions(quick=True, data="arrests", seeds=1)


def test_a_split_is_stratified_and_nobody_learns_from_what_is_measured_on():
    split = divided(QUICK, "arrests", 0)
    assert split.names == ("Black", "White")
    total = len(split.train.truth) + len(split.test.truth)
    assert len(split.test.truth) / total == pytest.approx(TEST, abs=0.01)
    for values in (lambda part: part.truth, lambda part: part.codes):
        assert values(split.train).mean() == pytest.approx(values(split.test).mean(), abs=0.01)
    learnt, held = split.for_step()
    assert not set(learnt) & set(held)
    assert len(held) / len(split.train.truth) == pytest.approx(VALIDATION, abs=0.01)


def test_features_are_standardised_numbers_and_one_hot_categories():
    features = divided(QUICK, "arrests", 0).train.features
    numbers, categories = features[:, :2], features[:, 2:]
    assert np.allclose(numbers.mean(axis=0), 0.0, atol=1e-4)
    assert np.allclose(numbers.std(axis=0), 1.0, atol=1e-4)
    assert set(np.unique(categories)) == {0.0, 1.0}
    assert np.all(categories.sum(axis=1) == 4)


def test_it_runs_and_names_its_figures():
    figures = bench.run(QUICK)
    wanted = [
        f"{name}_{what}"
        for name in ("dp", "eo", "mlp_dp", "mlp_eo", "expgrad_dp", "expgrad_eo")
        for what in ("gap", "accuracy", "seconds")
    ]
    assert set(wanted) <= set(figures)
    assert {"dp_seconds_ratio", "threshold_dp_gap", "threshold_eo_accuracy", "diverged"} <= set(figures)
    assert all(isinstance(figure, Figure) for figure in figures.values())
    assert all(0.0 <= figures[name].value <= 1.0 for name in wanted if not name.endswith("seconds"))
    assert figures["diverged"] == Figure(0.0, n=4)


def test_unknown_tables_and_missing_files_are_named(tmp_path):
    with pytest.raises(NotFound, match="adult, compas, arrests, chest"):
        bench.run(BenchOptions(data="german"))
    with pytest.raises(NotFound, match="data-root"):
        bench.run(BenchOptions(data="adult", data_root=tmp_path))
    with pytest.raises(NotFound, match="data-root"):
        bench.run(BenchOptions(data="chest", data_root=tmp_path))
