"""Work that several want is done once; errors reach all; quiet work makes way."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.errors import BadInput
from core.services.evidence.flights import Flights
from explain.errors import Stopped

PATIENCE = 20.0


class Work:
    """Work that counts its runs and goes on when the test lets it, or stops when it is asked to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.begun, self.go = threading.Event(), threading.Event()
        self.runs, self.error = 0, error

    def __call__(self, cancelled):
        self.runs += 1
        self.begun.set()
        while not self.go.wait(0.005):
            if cancelled():
                raise Stopped("made way")
        if self.error is not None:
            raise self.error
        return 42


@pytest.fixture
def pool():
    with ThreadPoolExecutor(8) as threads:
        yield threads


def test_eight_who_ask_at_once_share_one_computation(pool):
    flights, work = Flights(), Work()
    answers = [pool.submit(flights.answer, "key", work) for _ in range(8)]
    assert work.begun.wait(PATIENCE)
    work.go.set()
    assert [answer.result(PATIENCE) for answer in answers] == [42] * 8
    again = Work()
    again.go.set()
    assert flights.answer("key", again) == 42
    assert again.runs == 1  # nothing is kept: that is for others to do


def test_an_error_reaches_all_who_wait_and_the_next_one_tries_again(pool):
    flights, work = Flights(), Work(BadInput("no gradient"))
    answers = [pool.submit(flights.answer, "key", work) for _ in range(4)]
    assert work.begun.wait(PATIENCE)
    work.go.set()
    for answer in answers:
        with pytest.raises(BadInput, match="no gradient"):
            answer.result(PATIENCE)
    fine = Work()
    fine.go.set()
    assert flights.answer("key", fine) == 42


def test_as_many_run_as_there_are_slots(pool):
    flights, first, second = Flights(at_once=1), Work(), Work()
    one = pool.submit(flights.answer, "one", first)
    assert first.begun.wait(PATIENCE)
    other = pool.submit(flights.answer, "other", second)
    assert not second.begun.wait(0.1)
    first.go.set()
    second.go.set()
    assert (one.result(PATIENCE), other.result(PATIENCE)) == (42, 42)


def test_quiet_work_makes_way_for_another_question(pool):
    flights, quiet, wanted = Flights(), Work(), Work()
    ahead = pool.submit(flights.answer, "ahead", quiet, quiet=True)
    assert quiet.begun.wait(PATIENCE)
    asked = pool.submit(flights.answer, "asked", wanted)
    with pytest.raises(Stopped):
        ahead.result(PATIENCE)
    wanted.go.set()
    assert asked.result(PATIENCE) == 42
    assert flights.wait_until_calm()


def test_quiet_work_goes_on_when_a_person_asks_for_the_same(pool):
    flights, work = Flights(), Work()
    ahead = pool.submit(flights.answer, "key", work, quiet=True)
    assert work.begun.wait(PATIENCE)
    asked = pool.submit(flights.answer, "key", work)
    while not flights._waiting:
        pass
    work.go.set()
    assert (ahead.result(PATIENCE), asked.result(PATIENCE), work.runs) == (42, 42, 1)


def test_the_end_of_the_process_stops_everything(pool):
    flights, work = Flights(), Work()
    asked = pool.submit(flights.answer, "key", work)
    assert work.begun.wait(PATIENCE)
    flights.close()
    with pytest.raises(Stopped):
        asked.result(PATIENCE)
    assert not flights.wait_until_calm()


def wait_for(flights, persons):
    while flights._waiting < persons:
        pass


def test_work_that_everybody_gave_up_stops_and_can_be_asked_again(pool):
    flights, work = Flights(), Work()
    asked = [pool.submit(flights.answer, "key", work) for _ in range(2)]
    assert work.begun.wait(PATIENCE)
    wait_for(flights, 2)
    assert flights.abandon("key")
    assert not any(answer.done() for answer in asked)  # the other one still waits
    assert flights.abandon("key")
    for answer in asked:
        with pytest.raises(Stopped):
            answer.result(PATIENCE)
    assert work.runs == 1
    assert not flights.abandon("key")
    again = Work()
    again.go.set()
    assert flights.answer("key", again) == 42


def test_who_asks_for_what_was_just_given_up_gets_an_answer(pool):
    flights, stopping = Flights(), threading.Event()

    def slow_to_stop(cancelled):
        while not cancelled():
            pass
        stopping.wait(PATIENCE)
        raise Stopped("given up")

    gone = pool.submit(flights.answer, "key", slow_to_stop)
    while not flights.abandon("key"):
        pass
    again = Work()
    again.go.set()
    asked = pool.submit(flights.answer, "key", again)
    wait_for(flights, 2)
    stopping.set()
    assert asked.result(PATIENCE) == 42
    with pytest.raises(Stopped):
        gone.result(PATIENCE)


def test_who_gives_up_frees_the_slot_and_waits_for_none(pool):
    flights, first, second, third = Flights(at_once=1), Work(), Work(), Work()
    one = pool.submit(flights.answer, "one", first)
    assert first.begun.wait(PATIENCE)
    two = pool.submit(flights.answer, "two", second)
    while not flights.abandon("two"):
        pass
    with pytest.raises(Stopped, match="before it began"):
        two.result(PATIENCE)
    flights.abandon("one")
    third.go.set()
    assert flights.answer("three", third) == 42
    assert (second.runs, third.runs) == (0, 1)
    with pytest.raises(Stopped):
        one.result(PATIENCE)
