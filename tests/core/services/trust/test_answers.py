"""Calibration bins and confusion of kept answers, worked out by hand."""

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest

from core.contracts import Case, TargetSpec
from core.services.trust.answers import Judged, calibration_bins, confusion

TARGET = TargetSpec(name="finding", classes=("no", "yes", "maybe"), display={"yes": "Yes!"})


def judged(rows, truth) -> Judged:
    cases = tuple(
        Case(i, f"c{i}", f"c{i}", "ledger", (), {}, "a" * 64, datetime(2026, 1, 1, tzinfo=UTC))
        for i in range(len(rows))
    )
    return Judged(TARGET, cases, np.asarray(rows, dtype=float).reshape(len(rows), 3), np.asarray(truth, dtype=np.int64))


def test_confusion_counts_reference_by_answer():
    found = confusion(judged([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1]], [0, 1, 1]))
    assert found.classes == ("no", "Yes!", "maybe")
    assert found.counts == ((1, 0, 0), (1, 1, 0), (0, 0, 0))
    assert (found.recall[0].value, found.recall[1].value, found.recall[2]) == (1.0, 0.5, None)
    assert found.recall[1].low < 0.5 < found.recall[1].high


def test_without_cases_there_is_nothing():
    assert confusion(judged([], [])) is None
    assert calibration_bins(judged([], [])) == ()


def test_bins_hold_equally_many_cases_and_every_case_once():
    generator = np.random.default_rng(0)
    top = generator.uniform(0.4, 1.0, 200)
    rows = np.stack([top, (1 - top) / 2, (1 - top) / 2], axis=1)
    truth = np.where(generator.random(200) < top, 0, 1)
    bins = calibration_bins(judged(rows, truth))
    assert [one.right.n for one in bins] == [20] * 10
    assert sum(one.right.value * one.right.n for one in bins) == pytest.approx((truth == 0).sum())
    assert all(one.low <= one.mean <= one.high for one in bins)
    assert all(one.high < other.low for one, other in pairwise(bins))
    assert all(one.right.low <= one.right.value <= one.right.high for one in bins)


def test_equal_probabilities_stay_together():
    rows = [[1.0, 0.0, 0.0]] * 90 + [[0.5, 0.3, 0.2]] * 10
    bins = calibration_bins(judged(rows, [0] * 100))
    assert [(one.low, one.high, one.right.n) for one in bins] == [(0.5, 0.5, 10), (1.0, 1.0, 90)]
