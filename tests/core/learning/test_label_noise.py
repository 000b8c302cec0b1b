"""Confident learning by hand."""

import numpy as np
import pytest

from core.learning.label_noise import confident_classes, doubtful, thresholds

LABELS = np.array([0, 0, 0, 1, 1, 1])
FIRST = np.array([0.9, 0.7, 0.2, 0.1, 0.3, 0.8])
PROBABILITIES = np.stack([FIRST, 1 - FIRST], axis=1)
"""Mean of class 0 over its cases: .6; of class 1 over its cases: (.9 + .7 + .2) / 3 = .6."""


def test_thresholds_are_each_classs_mean_confidence():
    assert thresholds(PROBABILITIES, LABELS) == pytest.approx([0.6, 0.6])


def test_a_case_belongs_where_its_probability_reaches_the_threshold():
    assert confident_classes(PROBABILITIES, LABELS).tolist() == [0, 0, 1, 1, 1, 0]


def test_labels_off_the_diagonal_are_doubtful_and_the_plainest_comes_first():
    found = doubtful(PROBABILITIES, LABELS)
    assert [(item.row, item.label, item.suggested) for item in found] == [(2, 0, 1), (5, 1, 0)]
    assert found[0].probability == pytest.approx(0.8)


def test_a_case_below_every_threshold_counts_nowhere():
    unsure = np.vstack([PROBABILITIES, [[0.5, 0.5]]])
    assert confident_classes(unsure, np.append(LABELS, 0)).tolist() == [0, 0, 1, 1, 1, 0, -1]


def test_a_class_without_a_label_is_never_suggested():
    three = np.hstack([PROBABILITIES * 0.4, np.full((6, 1), 0.6)])
    assert all(item.suggested != 2 for item in doubtful(three, LABELS))
