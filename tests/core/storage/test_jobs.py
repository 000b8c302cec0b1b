"""The job queue: lease, takeover, attempts, cancel."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from core.contracts import NewJob, Progress
from core.errors import Conflict, NotFound
from core.storage import jobs, runs


def job(kind: str = "retrain", key: str | None = None) -> NewJob:
    return NewJob(kind, "demo", {"run": 1, "quick": True, "share": 0.5, "note": None}, "ada", key)


@pytest.fixture
def clock(monkeypatch):
    """Move the queue's clock forward by seconds."""
    start, passed = datetime.now(UTC), [0.0]
    monkeypatch.setattr(jobs, "now", lambda: start + timedelta(seconds=passed[0]))

    def advance(seconds: float) -> None:
        passed[0] += seconds

    return advance


def test_jobs_are_taken_oldest_first_and_come_back_whole(world):
    with world.database.write() as tx:
        first, second = jobs.add(tx, job()), jobs.add(tx, job("gate"))
        assert (first.status, first.attempt, dict(first.payload)) == ("queued", 0, dict(job().payload))
        assert jobs.active(tx) == (first, second)
        taken = jobs.claim_next(tx, "one", 15)
        assert (taken.id, taken.status, taken.attempt) == (first.id, "running", 1)
        assert jobs.claim_next(tx, "two", 15).id == second.id
        assert jobs.claim_next(tx, "three", 15) is None
        jobs.finish(tx, first.id, "one", "done")
        done = jobs.get(tx, first.id)
        assert done.status == "done"
        assert done.created <= done.started <= done.finished
        assert [left.id for left in jobs.active(tx)] == [second.id]
        assert jobs.latest(tx, "demo", "retrain") == done
        assert jobs.latest(tx, "demo", "import") is None
        with pytest.raises(NotFound, match="no such job"):
            jobs.get(tx, 99)


def test_asking_twice_is_one_job_while_it_is_unfinished(world):
    with world.database.write() as tx:
        first = jobs.add(tx, job(key="retrain demo"))
        assert jobs.add(tx, job(key="retrain demo")) == first
        assert jobs.add(tx, job()).id != jobs.add(tx, job()).id
        jobs.claim_next(tx, "one", 15)
        assert jobs.add(tx, job(key="retrain demo")).id == first.id
        jobs.finish(tx, first.id, "one", "failed", "broke")
        assert jobs.get(tx, first.id).error == "broke"
        assert jobs.add(tx, job(key="retrain demo")).id != first.id


def test_a_heartbeat_keeps_the_lease_and_brings_progress_and_cancel(world, clock):
    progress = Progress("training", 3, 30, "epoch 3", ((1, 2.5, 0.1), (2, 1.5, 0.25)), 4.5)
    with world.database.write() as tx:
        one = jobs.add(tx, job())
        jobs.claim_next(tx, "one", 15)
        clock(10)
        assert jobs.heartbeat(tx, one.id, "one", 15, progress) is False
        clock(10)
        assert jobs.claim_next(tx, "two", 15) is None
        assert jobs.get(tx, one.id).progress == progress
        jobs.request_cancel(tx, one.id)
        assert jobs.heartbeat(tx, one.id, "one", 15, None) is True
        assert jobs.get(tx, one.id).progress == progress
        jobs.finish(tx, one.id, "one", "cancelled")
        jobs.request_cancel(tx, one.id)
        assert jobs.get(tx, one.id).status == "cancelled"


def test_a_silent_workers_job_is_taken_over_with_its_checkpoint(world, clock):
    with world.database.write() as tx:
        one = jobs.add(tx, job())
        jobs.claim_next(tx, "one", 15)
        jobs.save_checkpoint(tx, one.id, "one", "c" * 64)
        clock(16)
        taken = jobs.claim_next(tx, "two", 15)
        assert (taken.id, taken.attempt, taken.checkpoint) == (one.id, 2, "c" * 64)
        for late in (
            lambda: jobs.heartbeat(tx, one.id, "one", 15, None),
            lambda: jobs.save_checkpoint(tx, one.id, "one", "d" * 64),
            lambda: jobs.finish(tx, one.id, "one", "done"),
        ):
            with pytest.raises(Conflict, match="no longer belongs to this worker"):
                late()
        assert jobs.get(tx, one.id).checkpoint == "c" * 64
        jobs.finish(tx, one.id, "two", "done")
        assert jobs.get(tx, one.id).checkpoint is None


def test_a_job_that_kills_its_workers_is_given_up_with_its_run(world, clock):
    with world.database.write() as tx:
        one = jobs.add(tx, job())
        runs.set_job(tx, world.run.id, one.id)
        for attempt in (1, 2, 3):
            assert jobs.claim_next(tx, f"worker {attempt}", 15).attempt == attempt
            clock(16)
        assert jobs.claim_next(tx, "worker 4", 15) is None
        failed, run = jobs.get(tx, one.id), runs.get(tx, world.run.id)
    assert (failed.status, run.status, failed.error) == ("failed", "failed", run.error)
    assert "stopped 3 times" in failed.error
    assert failed.finished is not None
    assert run.finished is not None


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_run_ends_with_its_job(world, status):
    with world.database.write() as tx:
        one = jobs.add(tx, job())
        runs.set_job(tx, world.run.id, one.id)
        jobs.claim_next(tx, "one", 15)
        jobs.finish(tx, one.id, "one", status, "because")
        run = runs.get(tx, world.run.id)
    assert (run.status, run.error) == (status, "because")
    assert run.finished is not None


def test_a_cancelled_job_whose_worker_died_is_not_started_again(world, clock):
    with world.database.write() as tx:
        one = jobs.add(tx, job())
        jobs.claim_next(tx, "one", 15)
        jobs.request_cancel(tx, one.id)
        clock(16)
        assert jobs.claim_next(tx, "two", 15) is None
        assert jobs.get(tx, one.id).status == "cancelled"


def test_a_waiting_job_is_cancelled_at_once_with_its_run(world):
    with world.database.write() as tx:
        one = jobs.add(tx, job())
        runs.set_job(tx, world.run.id, one.id)
        jobs.request_cancel(tx, one.id)
        assert jobs.get(tx, one.id).status == "cancelled"
        assert runs.get(tx, world.run.id).status == "cancelled"
        assert jobs.claim_next(tx, "one", 15) is None


def test_of_many_workers_each_job_goes_to_one(world):
    with world.database.write() as tx:
        wanted = {jobs.add(tx, job()).id for _ in range(12)}
    taken: list[int] = []

    def work(name: str) -> None:
        while True:
            with world.database.write() as tx:
                mine = jobs.claim_next(tx, name, 60)
            if mine is None:
                return
            taken.append(mine.id)

    threads = [threading.Thread(target=work, args=(f"worker {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(wanted)
