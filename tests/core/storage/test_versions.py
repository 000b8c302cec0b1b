"""Versions, runs, training sets, gate reports, decisions and caches."""

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from core.contracts import ChangedCase, Check, GateReport
from core.errors import Conflict, NotFound, Refused
from core.storage import cache, decisions, gates, jobs, runs, verdicts, versions, workspaces
from tests.helpers.stored_world import new_verdict, new_version


def add_versions(world, count: int) -> list:
    with world.database.write() as tx:
        return [versions.add(tx, new_version(world, "v1")) for _ in range(count)]


def champion(world) -> str | None:
    with world.database.read() as tx:
        return workspaces.get(tx, "demo").champion


def test_versions_are_numbered_per_workspace(world):
    v2, v3 = add_versions(world, 2)
    assert (world.version.name, v2.name, v3.name) == ("v1", "v2", "v3")
    assert (world.version.parent, v2.parent, v2.status) == (None, "v1", "candidate")
    with world.database.write() as tx:
        assert versions.list_versions(tx, world.workspace.id) == (world.version, v2, v3)
        assert versions.get(tx, world.workspace.id, "v3") == v3
        other = workspaces.ensure(tx, "other", "", "ada")
        with pytest.raises(NotFound, match=r"'v1'.*none yet"):
            versions.get(tx, other.id, "v1")
        with pytest.raises(NotFound, match=r"'v7'.*v1, v2, v3"):
            versions.add(tx, new_version(world, "v7"))


def test_a_promotion_retires_the_old_champion(world):
    v2, v3 = add_versions(world, 2)
    with world.database.write() as tx:
        assert versions.set_champion(tx, world.workspace.id, world.version.id, None)
        assert versions.set_champion(tx, world.workspace.id, v2.id, "v1")
        assert not versions.set_champion(tx, world.workspace.id, v3.id, "v1")
        assert [version.status for version in versions.list_versions(tx, world.workspace.id)] == [
            "retired",
            "champion",
            "candidate",
        ]
        assert versions.set_champion(tx, world.workspace.id, world.version.id, "v2")
    assert champion(world) == "v1"


def test_a_champion_changes_only_by_promotion_and_a_rejected_version_never_serves(world):
    (v2,) = add_versions(world, 1)
    with world.database.write() as tx:
        versions.set_champion(tx, world.workspace.id, world.version.id, None)
        versions.set_status(tx, v2.id, "rejected")
        with pytest.raises(Conflict, match="was rejected"):
            versions.set_champion(tx, world.workspace.id, v2.id, "v1")
        with pytest.raises(Conflict, match="not of this workspace"):
            versions.set_champion(tx, world.workspace.id, 999, "v1")
        with pytest.raises(Conflict, match="'rejected'"):
            versions.set_status(tx, world.version.id, "rejected")
        with pytest.raises(Conflict, match="'champion'"):
            versions.set_status(tx, v2.id, "champion")
    assert champion(world) == "v1"


def test_of_two_who_decide_at_once_one_is_told_no(world):
    v2, v3 = add_versions(world, 2)
    with world.database.write() as tx:
        versions.set_champion(tx, world.workspace.id, world.version.id, None)
    start, answers = threading.Barrier(2), {}

    def promote(version) -> None:
        start.wait()
        with world.database.write() as tx:
            answers[version.name] = versions.set_champion(tx, world.workspace.id, version.id, "v1")

    threads = [threading.Thread(target=promote, args=(version,)) for version in (v2, v3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers.values()) == [False, True]
    assert answers[champion(world)]


def test_a_run_goes_from_queue_to_version(world):
    with world.database.write() as tx:
        first, second = (verdicts.add(tx, new_verdict(world, label)) for label in "34")
        run = runs.add(tx, world.workspace.id, "retrain", "guided", 2**40, True, [second.id, first.id], "v1")
        assert (run.verdict_ids, run.status, run.seed, run.use_regions) == (
            (first.id, second.id),
            "queued",
            2**40,
            True,
        )
        job = jobs.add(tx, job_of(run.id))
        runs.set_job(tx, run.id, job.id)
        assert runs.of_job(tx, job.id).id == run.id
        assert runs.of_job(tx, 99) is None
        runs.finish(tx, run.id, "running")
        assert runs.get(tx, run.id).finished is None
        runs.finish(tx, run.id, "done", version="v2")
        done = runs.get(tx, run.id)
        assert (done.status, done.version, done.error) == ("done", "v2", None)
        assert done.finished >= done.created
        assert runs.latest(tx, world.workspace.id) == done
        assert runs.latest(tx, world.workspace.id, "champion") == world.run
        assert runs.latest(tx, world.workspace.id, "gate") is None
        with pytest.raises(NotFound, match="run with the number 99"):
            runs.get(tx, 99)


def job_of(run_id: int):
    from core.contracts import NewJob

    return NewJob("retrain", "demo", {"run": run_id}, "ada")


def test_training_cases_are_recorded_once(world):
    ids = [world.cases[split].id for split in ("train", "validation", "pool")]
    with world.database.write() as tx:
        runs.record_training_cases(tx, world.run.id, iter(ids))
        runs.record_training_cases(tx, world.run.id, ids[:1])
        assert runs.training_case_ids(tx, world.run.id) == set(ids)
        with pytest.raises(NotFound, match="case with the number 999"):
            runs.record_training_cases(tx, world.run.id, [999])


@pytest.mark.parametrize("split", ["ledger", "calibration"])
def test_a_case_that_judges_is_refused_even_after_a_person_corrected_it(world, split):
    judging = world.cases[split].id
    with world.database.write() as tx:
        verdicts.add(tx, new_verdict(world, "7", case_id=judging))
    with pytest.raises(Refused, match=f"never train one \\({split}\\)"), world.database.write() as tx:
        runs.record_training_cases(tx, world.run.id, [world.pool, judging])
    with world.database.read() as tx:
        assert runs.training_case_ids(tx, world.run.id) == set()


@pytest.mark.parametrize("claimed_split", ["ledger", "train", "pool"])
def test_the_database_refuses_a_ledger_case_in_raw_sql_whatever_it_is_called(world, claimed_split):
    row = {"run": world.run.id, "case": world.cases["ledger"].id, "split": claimed_split}
    with pytest.raises(IntegrityError), world.database.write() as tx:
        tx.execute(text("INSERT INTO training_cases VALUES (:run, :case, :split)"), row)


def test_a_ledger_case_can_not_be_renamed_into_training(world):
    with pytest.raises(IntegrityError, match="never changes its split"), world.database.write() as tx:
        tx.execute(text("UPDATE cases SET split = 'train' WHERE split = 'ledger'"))


REPORT = GateReport(
    workspace="demo",
    version="v2",
    champion="v1",
    ledger_hash="f" * 64,
    judged=1,
    verdict="not assessable",
    checks=(
        Check("accuracy", "Accuracy", 0.5, 0.75, 0.25, -0.1, 0.5, -0.02, "higher", 8, "pass", "enough"),
        Check("reliance", "Reliance", None, None, None, None, None, 0.0, "lower", 0, "not assessable", "no marks", 40),
    ),
    changed=(ChangedCase("d1", "digit", "3", "8", "3"),),
    seconds=1.5,
)


def test_a_gate_report_comes_back_whole_and_the_latest_counts(world):
    v2, v3 = add_versions(world, 2)
    with world.database.write() as tx:
        assert gates.get(tx, v2.id) is None
        gates.add(tx, v2.id, world.version.id, REPORT)
        assert gates.get(tx, v2.id) == REPORT
        gates.add(tx, v2.id, None, GateReport(**{**{f: getattr(REPORT, f) for f in REPORT.__slots__}, "seconds": 9.0}))
        assert gates.get(tx, v2.id).seconds == 9.0
        gates.add(tx, v3.id, world.version.id, REPORT)
        assert gates.judged(tx, world.workspace.id, REPORT.ledger_hash, "v3") == 2
        assert gates.judged(tx, world.workspace.id, REPORT.ledger_hash, "v4") == 3
        assert gates.judged(tx, world.workspace.id, "0" * 64, "v2") == 1


def test_decisions_come_newest_first(world):
    add_versions(world, 1)
    with world.database.write() as tx:
        ids = world.workspace.id
        first = decisions.add(tx, ids, "v1", None, "promote", "the first", False, False, "ada")
        second = decisions.add(tx, ids, "v2", "v1", "reject", "no <i>", True, True, "ben")
        assert decisions.list_decisions(tx, ids) == (second, first)
        with pytest.raises(NotFound, match="'v9'"):
            decisions.add(tx, ids, "v9", None, "promote", "", False, False, "ada")
    assert (second.workspace, second.version, second.previous, second.kind) == ("demo", "v2", "v1", "reject")
    assert (second.overridden, second.acknowledged, second.actor_id, first.previous) == (True, True, "ben", None)


def test_scores_are_exact_and_replaced(world):
    third = 1 / 3
    train, pool = world.cases["train"].id, world.pool
    with world.database.write() as tx:
        cache.put_scores(tx, world.version.id, "digit", {train: (third, 1 - third), pool: (0.0, 1.0)})
        cache.put_scores(tx, world.version.id, "digit", {pool: (5e-324, 1.0)})
        cache.put_scores(tx, world.version.id, "digit", {})
        assert cache.scores(tx, world.version.id, "digit") == {train: (third, 1 - third), pool: (5e-324, 1.0)}
        assert cache.scores(tx, world.version.id, "other") == {}


def test_evidence_and_embeddings_are_found_by_their_keys(world):
    with world.database.write() as tx:
        key = "integrated_gradients;digit;3"
        assert cache.evidence(tx, world.version.id, world.pool, key) is None
        cache.put_evidence(tx, world.version.id, world.pool, key, "a" * 64)
        cache.put_evidence(tx, world.version.id, world.pool, key, "b" * 64)
        assert cache.evidence(tx, world.version.id, world.pool, key) == "b" * 64
        cache.put_embeddings(tx, "encoder", ["x", "y", "z"], "a" * 64)
        cache.put_embeddings(tx, "encoder", ["z"], "c" * 64)
        found = cache.embeddings(tx, "encoder", ["z", "y", "unknown", "y"])
        assert found == {"y": ("a" * 64, 1), "z": ("c" * 64, 0)}
        assert cache.embeddings(tx, "another encoder", ["x"]) == {}
