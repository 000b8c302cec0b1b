"""Evidence of the next cases is there before it is asked for; persons come first; nothing is revealed."""

import threading

import pytest

from core.contracts import Actor
from core.errors import Refused
from core.services.evidence import ahead
from core.services.explaining import Explaining
from explain.errors import Stopped
from tests.helpers.evidence import MIXED, form, question

pytestmark = pytest.mark.slow

ADA = Actor("ada", "person", "Ada")
PATIENCE = 60.0


def test_the_opened_case_and_the_two_behind_it_are_explained(mixed):
    first = mixed.review.next_case(MIXED, actor=ADA)
    second = mixed.review.next_case(MIXED, actor=ADA, after=first)
    third = mixed.review.next_case(MIXED, actor=ADA, after=second)
    before = len(mixed.audit.events())
    mixed.review.open(MIXED, first, actor=ADA)
    assert mixed.review.ahead.wait(PATIENCE)
    explaining = mixed.review.explaining
    for name in (first, second, third):
        assert explaining.kept(question(mixed, name, "side")) is not None
    fourth = mixed.review.next_case(MIXED, actor=ADA, after=third)
    assert explaining.kept(question(mixed, fourth, "side")) is None
    assert len(mixed.audit.events()) == before
    with pytest.raises(Refused):
        mixed.evidence.explain(form(first, target="side"), actor=ADA)
    mixed.review.commit_read(MIXED, first, "side", "above", "likely", actor=ADA)
    mixed.review.commit_read(MIXED, first, "tone", "calm", "likely", actor=ADA)
    assert mixed.evidence.explain(form(first, target="side"), actor=ADA).cached


def test_a_person_comes_first_and_the_rest_follows(mixed, monkeypatch):
    begun, stopped, compute = threading.Event(), [], Explaining._compute
    name = mixed.review.next_case(MIXED, actor=ADA)

    def slow(self, asked, cancelled):
        if asked.case.name == name and not stopped:
            begun.set()
            while not cancelled():
                pass
            stopped.append(asked.case.name)
            raise Stopped("made way")
        return compute(self, asked, cancelled)

    monkeypatch.setattr(Explaining, "_compute", slow)
    mixed.review.ahead.after_opening(MIXED, name, ADA)
    assert begun.wait(PATIENCE)
    view = mixed.evidence.explain(form("m005", "occlusion"), actor=mixed.default_actor)
    assert not view.cached
    assert mixed.review.ahead.wait(PATIENCE)
    assert stopped == [name]
    assert mixed.review.explaining.kept(question(mixed, name, "side")) is not None


def test_what_takes_too_long_is_left_alone(mixed, monkeypatch):
    monkeypatch.setattr(ahead, "LONGEST_SECONDS", 0.0)
    name = mixed.review.next_case(MIXED, actor=ADA)
    mixed.review.ahead.after_opening(MIXED, name, ADA)
    assert mixed.review.ahead.wait(PATIENCE)
    assert mixed.review.explaining.kept(question(mixed, name, "side")) is None


def test_the_end_of_the_process_stops_it(mixed, monkeypatch):
    begun = threading.Event()

    def endless(self, asked, cancelled):
        begun.set()
        while not cancelled():
            pass
        raise Stopped("ending")

    monkeypatch.setattr(Explaining, "_compute", endless)
    mixed.review.ahead.after_opening(MIXED, mixed.review.next_case(MIXED, actor=ADA), ADA)
    assert begun.wait(PATIENCE)
    mixed.review.explaining.flights.close()
    mixed.review.ahead.close()
    mixed.review.ahead.after_opening(MIXED, "m003", ADA)
    assert mixed.review.ahead.wait(PATIENCE)
    assert begun.is_set()
