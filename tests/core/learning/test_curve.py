"""The learning curve: what ten more marks are worth, by hand, and when it can't be told."""

from datetime import UTC, datetime, timedelta

import pytest

from core.contracts import CurvePoint, Estimate
from core.learning.curve import learning_curve, worth_of_more

START = datetime(2026, 1, 1, tzinfo=UTC)


def estimate(value, half=0.02):
    return Estimate(value, value - half, value + half, 500)


def rounds(*points):
    """Rounds as (marks, accuracy, reliance)."""
    return [
        CurvePoint(
            f"v{i}", "guided", marks, marks, estimate(accuracy), None if reliance is None else estimate(reliance),
            START + timedelta(hours=i),
        )
        for i, (marks, accuracy, reliance) in enumerate(points)
    ]  # fmt: skip


def curve_value(marks, a=0.9, b=0.4, c=20.0):
    return a - b / (1 + marks / c)


def test_a_curve_that_levels_off_is_found_again():
    marks = [0, 10, 20, 40, 80, 160]
    worth = worth_of_more(marks, [estimate(curve_value(one), 0.0005) for one in marks])
    assert worth.value == pytest.approx(curve_value(170) - curve_value(160), abs=0.003)
    assert worth.low <= worth.value <= worth.high
    assert worth.n == 6


def test_the_early_marks_are_worth_more_than_the_late_ones():
    early = [0, 5, 10]
    late = [0, 5, 10, 160]
    first = worth_of_more(early, [estimate(curve_value(one)) for one in early])
    last = worth_of_more(late, [estimate(curve_value(one)) for one in late])
    assert first.value > 4 * last.value > 0
    assert first.low > 0


def test_without_a_trend_the_interval_holds_no_change():
    found = learning_curve(rounds((0, 0.8, 0.3), (10, 0.79, 0.31), (20, 0.8, 0.3)))
    assert found.worth_of_ten.low < 0 < found.worth_of_ten.high
    assert found.worth_reliance.low < 0 < found.worth_reliance.high
    assert "can't be told whether more marks help" in found.words


def test_words_and_order():
    found = learning_curve(list(reversed(rounds((0, 0.5, 0.6), (10, 0.8, 0.2), (25, 0.85, 0.1)))))
    assert [point.version for point in found.points] == ["v0", "v1", "v2"]
    assert found.worth_of_ten.value > 0 > found.worth_reliance.value
    assert found.words.startswith("10 more marks are expected to change accuracy by +0.")
    assert "judged by 3 rounds" in found.words


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ([], "No round was measured yet"),
        ([(10, 0.8, 0.2)], "after 2 more"),
        ([(0, 0.5, 0.6), (10, 0.8, 0.2)], "after 1 more"),
        ([(10, 0.8, 0.2)] * 3, "same number of marks"),
    ],
)
def test_too_few_rounds_say_what_is_missing(points, words):
    found = learning_curve(rounds(*points))
    assert found.worth_of_ten is None
    assert found.worth_reliance is None
    assert words in found.words


def test_without_reliance_only_accuracy_is_told():
    found = learning_curve(rounds((0, 0.5, None), (10, 0.8, 0.2), (25, 0.85, 0.1)))
    assert found.worth_of_ten is not None
    assert found.worth_reliance is None
    assert "reliance" not in found.words


def test_equal_seeds_give_equal_answers():
    points = rounds((0, 0.5, 0.6), (10, 0.8, 0.2), (25, 0.85, 0.1))
    assert learning_curve(points, seed=3) == learning_curve(points, seed=3)
