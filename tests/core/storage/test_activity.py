"""Counts for metrics, on both kinds of database."""

from dataclasses import replace

from core.contracts import NewJob
from core.storage import jobs, verdicts
from core.storage.activity import Activity, activity
from tests.helpers.stored_world import new_verdict


def test_jobs_and_verdicts_are_counted(world):
    with world.database.write() as tx:
        assert activity(tx) == Activity((), ())
        for kind in ("gate", "import", "import"):
            jobs.add(tx, NewJob(kind, "demo", {}, "ada"))
        taken = jobs.claim_next(tx, "worker", 15)
        jobs.finish(tx, taken.id, "worker", "failed", "the disk is full")
        verdicts.add(tx, new_verdict(world))
        verdicts.add(tx, new_verdict(world, "4"))
        verdicts.add(tx, replace(new_verdict(world), actor_id="ben", stance="agree"))
    with world.database.read() as tx:
        assert activity(tx) == Activity(
            jobs=(("gate", "failed", 1), ("import", "queued", 2)),
            verdicts=(("demo", "agree", 1), ("demo", "override", 2)),
        )
