"""Agreement of readers, by hand."""

import numpy as np
import pytest

from core.learning.agreement import Vote, intersection_over_union, label_weight, mark_weight, readers_overlap


def mask(*places: int) -> np.ndarray:
    marked = np.zeros(8, dtype=bool)
    marked[list(places)] = True
    return marked


def test_overlap_is_the_mean_over_pairs():
    assert intersection_over_union(mask(0, 1, 2), mask(1, 2, 3)) == 0.5
    three = [mask(0, 1), mask(0, 1), mask(2)]
    assert readers_overlap(three) == pytest.approx((1 + 0 + 0) / 3)


def test_one_reader_or_a_reader_without_a_mark_is_no_disagreement():
    assert mark_weight([mask(0)]) == 1.0
    assert mark_weight([mask(0), mask()]) == 1.0
    assert mark_weight([]) == 1.0


def test_marks_that_overlap_well_count_fully_and_others_by_their_overlap():
    assert mark_weight([mask(0, 1, 2), mask(1, 2, 3)]) == 1.0
    assert mark_weight([mask(0, 1, 2), mask(2, 3, 4)]) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("source", "votes", "weight"),
    [
        ("data set", [], 1.0),
        ("single verdict", [("a", "certain")], 1.0),
        ("single verdict", [("a", "likely")], 0.75),
        ("agreement", [("a", "certain"), ("a", "guess")], 0.75),
        ("data set", [("a", "certain"), ("b", "certain")], 2 / 3),
        ("data set", [("unsure", "certain")], 0.5),
        ("adjudication", [("b", "certain"), ("b", "certain")], 1.0),
    ],
)
def test_weight_of_a_label(source, votes, weight):
    assert label_weight("a", source, [Vote(*vote) for vote in votes]) == pytest.approx(weight)
