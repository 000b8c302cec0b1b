"""Many threads and many processes on one database: the chain never forks, nothing is lost."""

import multiprocessing
import threading

from core.contracts import Actor
from core.settings import Settings
from core.storage import actors, audit, chain_head, reads
from core.storage.database import Database, open_database
from tests.helpers.stored_world import make_world

THREADS, PROCESSES, EACH = 6, 3, 15


def write_events(database: Database, case_id: int, worker: str) -> None:
    for number in range(EACH):
        with database.write() as tx:
            actors.ensure(tx, Actor(worker))
            reads.add(tx, case_id, f"target {number}", worker, "3", "likely", None)
            audit.append(
                tx,
                actor_id=worker,
                kind="read",
                workspace="demo",
                subject={"number": number},
                payload=worker.encode(),
            )


def check(database: Database, case_id: int, workers: int) -> None:
    with database.read() as tx:
        assert len(reads.of_case(tx, case_id, None)) == workers * EACH
        events = audit.events(tx, limit=None)
    assert len({(event.actor_id, event.subject["number"]) for event in events}) == len(events) == workers * EACH
    result = audit.verify(database, database.head_path)
    assert (result.ok, result.events) == (True, workers * EACH)
    assert chain_head.read_head(database.head_path).sequence == workers * EACH


def test_threads_never_fork_the_chain(database):
    case_id = make_world(database).pool
    threads = [
        threading.Thread(target=write_events, args=(database, case_id, f"thread {number}")) for number in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(database, case_id, THREADS)


def write_from_process(settings: Settings, case_id: int, worker: str, start) -> None:
    """One process of several: open, wait for the others, write."""
    database = open_database(settings)
    start.wait()
    write_events(database, case_id, worker)
    database.close()


def test_processes_never_fork_the_chain(place):
    settings = place.copy()
    database = open_database(settings)
    case_id = make_world(database).pool
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(PROCESSES)
    processes = [
        context.Process(target=write_from_process, args=(settings, case_id, f"process {number}", start))
        for number in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * PROCESSES
    check(database, case_id, PROCESSES)
    database.close()
