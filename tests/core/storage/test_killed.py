"""A process that is killed right after a verdict was acknowledged: everything acknowledged is there."""

import multiprocessing
import random

import pytest

from core.contracts import NewVerdict
from core.settings import Settings
from core.storage import audit, verdicts
from core.storage.database import open_database
from tests.helpers.stored_world import make_world

ROUNDS = 3


def keep_saving(settings: Settings, case_id: int, first: int, acknowledge) -> None:
    """Save verdicts for ever, telling the number of each after it was saved."""
    database = open_database(settings)
    number = first
    while True:
        with database.write() as tx:
            new = NewVerdict(case_id, "digit", "ada", str(number), "override", "likely", "v1", "{}", comment="c" * 500)
            verdict = verdicts.add(tx, new)
            audit.append(tx, actor_id="ada", kind="verdict", workspace="demo", subject={"verdict": verdict.id})
        acknowledge.send(number)
        number += 1


@pytest.mark.kill
def test_what_was_acknowledged_survives_a_kill(place):
    settings = place.copy()
    database = open_database(settings)
    case_id = make_world(database).pool
    context, chance = multiprocessing.get_context("spawn"), random.Random(3)
    acknowledged: list[int] = []
    for _ in range(ROUNDS):
        receive, send = context.Pipe(duplex=False)
        first = acknowledged[-1] + 2 if acknowledged else 0
        process = context.Process(target=keep_saving, args=(settings, case_id, first, send))
        process.start()
        acknowledged += [receive.recv() for _ in range(chance.randint(1, 20))]
        process.kill()
        process.join()
        while receive.poll():
            acknowledged.append(receive.recv())
        send.close()
        receive.close()
    with database.read() as tx:
        saved = {int(verdict.label) for verdict in verdicts.history(tx, case_id, "digit", "ada")}
        events = len(audit.events(tx, limit=None))
    assert set(acknowledged) <= saved
    assert len(saved) == events <= len(acknowledged) + ROUNDS
    assert audit.verify(database, database.head_path).problem is None
    database.close()
