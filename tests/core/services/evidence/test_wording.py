"""What is hot, in words, worked out by hand."""

import numpy as np
import pytest

from core.services.evidence.wording import words_of_map, words_of_number, words_of_text


def _picture(rows, columns, value=1.0):
    values = np.zeros((60, 60))
    values[rows, columns] = value
    return values


@pytest.mark.parametrize(
    ("rows", "columns", "place"),
    [
        (slice(0, 10), slice(0, 10), "mostly upper left"),
        (slice(50, 60), slice(25, 35), "mostly bottom"),
        (slice(25, 35), slice(25, 35), "mostly middle"),
        (slice(0, 10), slice(15, 25), "mostly upper left and top"),
        (slice(0, 60), slice(0, 60), "spread over the picture"),
    ],
)
def test_the_hot_place_is_named(rows, columns, place):
    assert words_of_map(_picture(rows, columns), signed=False).startswith(f"{place}; ")


def test_heat_is_told_with_its_share_and_direction():
    values = _picture(slice(0, 15), slice(0, 12), 1.0)  # a twentieth of the picture
    values[40:, 40:] = -0.0
    assert words_of_map(values, signed=False).endswith("100 % of the heat in the hottest 5 % of the picture")
    values[30:45, 30:42] = -1.0
    told = words_of_map(values, signed=True)
    assert "; 50 % of the heat in the hottest 5 % of the picture; 50 % of it speaks for the answer" in told


def test_nothing_hot_and_nothing_there():
    assert words_of_map(np.zeros((4, 4)), signed=True) == "nothing is hot"
    assert words_of_map(np.zeros((0, 0)), signed=True) == "missing"
    assert words_of_text("", (), signed=True) == "missing"
    assert words_of_number("Age", 0.0, 0.0, signed=True) == "Age does nothing"


def test_words_of_a_text_are_ranked_by_size():
    values = ((0, 1, 0.1), (2, 3, -2.0), (4, 5, 0.5), (6, 7, 0.0))
    assert words_of_text("a b c d", values, signed=True) == "for: c (+0.50), a (+0.10); against: b (-2.00)"
    assert words_of_text("a b c d", values[:1], signed=False) == "hottest: a (0.1)"
