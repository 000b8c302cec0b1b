"""What a run keeps of its plan, its outcome and its control; and databases of before there were any."""

import os
import time
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from core.contracts import MarkWarning, RunOutcome, RunPlan, Suspect, Trial
from core.storage import controls, migrate, runs
from core.storage.blobs import BlobStore, collect_garbage
from core.storage.database import open_database

PLAN = RunPlan(start="champion", scope="last blocks", budget_seconds=7.5)
TRIED = Trial("guided", "Guided by marks", 0.8, 0.7, 0.9, 40, 1.5, "delivered", "better")
SKIPPED = Trial("rrr", "Penalty", None, None, None, 40, 0.0, "skipped", "would take too long")
OUTCOME = RunOutcome(
    delivered="guided",
    parent=Trial("parent", "The champion", 0.5, 0.4, 0.6, 40, 0.0, "tried", ""),
    trials=(TRIED, SKIPPED),
    warnings=(MarkWarning("oversized", "corner", ("d-1", "d-2"), 4.0, 2.0, "Paint it smaller."),),
    suspects=(Suspect("d-9", "digit", "8", "3", 0.97),),
    marks=10,
    words="Delivered.",
)


def add(tx, world, plan=None):
    return runs.add(tx, world.workspace.id, "retrain", "auto", 0, True, (), "v1", plan)


def test_plan_and_outcome_come_back_as_they_were(world):
    with world.database.write() as tx:
        run = add(tx, world, PLAN)
        assert (run.plan, run.outcome) == (PLAN, None)
        runs.finish(tx, run.id, "done", version="v2", outcome=OUTCOME)
        found = runs.get(tx, run.id)
    assert (found.plan, found.outcome, found.version) == (PLAN, OUTCOME, "v2")
    assert not found.outcome.no_effect


def test_a_run_without_a_champion_to_compare_with(world):
    first = RunOutcome("labels", None, (), (), (), 0, "Trained.")
    with world.database.write() as tx:
        run = add(tx, world)
        runs.finish(tx, run.id, "done", version="v1", outcome=first)
        assert (runs.get(tx, run.id).outcome, runs.get(tx, run.id).plan) == (first, RunPlan())


def test_a_control_is_kept_once_and_never_changes(world):
    with world.database.write() as tx:
        run = add(tx, world)
        assert controls.get(tx, run.id) is None
        control = controls.Control(run.id, "a" * 64, "b" * 64, "c" * 64)
        controls.add(tx, control)
        assert controls.get(tx, run.id) == control
    for statement in ("UPDATE run_controls SET weights = 'x'", "DELETE FROM run_controls"):
        with pytest.raises(IntegrityError, match="append-only"), world.database.write() as tx:
            tx.execute(text(statement))


def test_collection_keeps_the_blobs_of_controls(world, tmp_path):
    blobs = BlobStore(tmp_path / "blobs")
    kept, gone = blobs.put_many([b"weights", b"manifest"]), blobs.put(b"nobody's")
    with world.database.write() as tx:
        controls.add(tx, controls.Control(add(tx, world).id, *kept, "c" * 64))
    for name in (*kept, gone):
        os.utime(blobs.path(name), (time.time() - 7200,) * 2)
    collect_garbage(world.database, blobs)
    assert [blobs.has(name) for name in (*kept, gone)] == [True, True, False]


def test_runs_and_jobs_of_the_schema_before_go_on(settings, monkeypatch):
    """A database that has a run is brought up to date: the run has the default plan, and its job's kind still holds."""
    with monkeypatch.context() as before:
        before.setattr(migrate, "upgrade", partial(migrate.upgrade, revision="0003"))
        opened = open_database(settings)
    with opened.write() as tx:
        for statement in OLD_ROWS:
            tx.execute(text(statement))
    opened.close()
    again = open_database(settings)
    with again.write() as tx:
        assert migrate.current_revision(tx) == migrate.newest_revision()
        assert (runs.get(tx, 1).plan, runs.get(tx, 1).outcome) == (RunPlan(), None)
        tx.execute(text("UPDATE jobs SET kind = 'spread'"))
    with pytest.raises(IntegrityError, match=r"(?i)check"), again.write() as tx:
        tx.execute(text("UPDATE jobs SET kind = 'magic'"))
    again.close()


OLD_ROWS = (
    "INSERT INTO actors VALUES ('ada', 'person', 'Ada', '2026-01-01 00:00:00+00:00')",
    "INSERT INTO workspaces VALUES (1, 'demo', '2026-01-01 00:00:00+00:00')",
    "INSERT INTO jobs (id, kind, workspace, payload, actor_id, status, attempt, cancel_requested, progress, created) "
    "VALUES (1, 'quality', 'demo', '{}', 'ada', 'done', 1, false, '{}', '2026-01-01 00:00:00+00:00')",
    "INSERT INTO runs (id, workspace_id, kind, strategy, seed, use_regions, status, created) "
    "VALUES (1, 1, 'retrain', 'guided', 0, true, 'done', '2026-01-01 00:00:00+00:00')",
)
