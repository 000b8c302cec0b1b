"""Which cases are drawn, on how many a slow method is measured, and how time left is told."""

from datetime import UTC, datetime

import pytest

from core.contracts import Case, Progress
from core.errors import Cancelled
from core.services.trust.drawing import drawn
from core.services.trust.following import Following
from core.services.trust.reports import METHOD_SECONDS, affordable, maps
from explain.assessment.questions import Plan


def case(number: int) -> Case:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return Case(number, f"c{number}", f"c{number}", "ledger", (), {}, "a" * 64, moment)


def test_labels_are_taken_in_turn_and_a_longer_draw_begins_with_the_shorter():
    cases = [case(number) for number in range(100)]
    labels = {number: "rare" if number % 10 == 0 else "common" for number in range(100)}
    ten = drawn(cases, labels, 10)
    assert [labels[one.id] for one in ten].count("rare") == 5
    assert drawn(cases, labels, 20)[:10] == ten
    assert drawn(list(reversed(cases)), labels, 10) == ten
    everything = drawn(cases, labels, 1000)
    assert sorted(one.id for one in everything) == list(range(100))


def test_cases_without_a_label_are_drawn_too():
    assert {one.id for one in drawn([case(1), case(2)], {1: "yes"}, 2)} == {1, 2}


@pytest.mark.parametrize(("seconds", "expected"), [(0.01, 40), (1.0, 40), (60.0, 5), (600.0, 5)])
def test_slow_methods_are_measured_on_fewer_cases(seconds, expected):
    assert affordable(seconds, 40, Plan()) == expected


def test_a_method_in_between_uses_the_time_that_there_is():
    count, plan = affordable(4.0, 40, Plan()), Plan()
    assert 5 < count < 40
    assert 4.0 * maps(count, plan) <= METHOD_SECONDS < 4.0 * maps(count + 1, plan)


def test_fewer_cases_than_needed_are_all_taken():
    assert affordable(600.0, 3, Plan()) == 3


class Stopping:
    """Wants to stop from the third report on."""

    def __init__(self) -> None:
        self.heard = []

    def report(self, progress: Progress) -> None:
        self.heard.append(progress)
        if len(self.heard) >= 3:
            raise Cancelled("stop")


def test_time_left_follows_the_weight_of_what_is_left(monkeypatch):
    monkeypatch.setattr("core.services.trust.following.time.monotonic", lambda: 102.0)
    reporter = Stopping()
    following = Following(reporter, total=4, weight=8.0, begun=100.0)
    told = following.stage("Saliency", expected=2.0)
    told(1, 4)
    assert reporter.heard[0].seconds_left is None
    assert reporter.heard[1] == Progress("Saliency", 1, 4, "case 1 of 4", seconds_left=6.0)


def test_who_asks_whether_to_stop_hears_it_once_it_is_wanted(monkeypatch):
    monkeypatch.setattr("core.services.trust.following.LOOK_SECONDS", -1.0)
    following = Following(Stopping(), total=1, weight=1.0)
    assert [following.cancelled() for _ in range(4)] == [False, False, True, True]
    assert isinstance(following.stop, Cancelled)
