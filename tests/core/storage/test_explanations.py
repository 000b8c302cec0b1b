"""Quality reports and concepts in the database, and the migration that brought them."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError

from core.contracts import Agreement, Estimate, MethodReport, MethodTest, NewJob, QualityReport
from core.storage import concepts, jobs, migrate, quality
from core.storage.database import open_database

HALF = Estimate(0.5, 0.25, 0.75, 12)
TEST = MethodTest("deletion_random", "Deletion", HALF, 0.0, "higher", None, "pass", True, "because")
METHOD = MethodReport(
    "saliency",
    "Saliency",
    "supported",
    "all shown",
    (TEST,),
    HALF,
    artefacts=(("patch", HALF, Estimate(0.1, 0, 1, 3)),),
)


def report(target: str = "digit", cases: int = 12) -> QualityReport:
    """A report as the job makes it."""
    return QualityReport(
        *("demo", "v1", target, datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC), cases, (METHOD,)),
        agreement=(Agreement("saliency", "occlusion", HALF, HALF),),
        seconds=1.5,
        skipped=(("lime", "it failed on all cases"),),
    )


def test_the_newest_report_of_a_version_and_target_counts(world):
    with world.database.write() as tx:
        assert quality.get(tx, world.version.id, "digit") is None
        assert quality.newest(tx, world.version.id, "digit") == 0
        digests = {quality.add(tx, world.version.id, one, "ada") for one in (report(), report(cases=20), report("age"))}
    with world.database.read() as tx:
        assert quality.get(tx, world.version.id, "digit") == report(cases=20)
        assert quality.get(tx, world.version.id, "age") == report("age")
        assert quality.newest(tx, world.version.id, "digit") == 2
    assert len(digests) == 3


def test_a_report_never_changes(world):
    with world.database.write() as tx:
        quality.add(tx, world.version.id, report(), "ada")
    with pytest.raises(IntegrityError, match="append-only"), world.database.write() as tx:
        tx.execute(text("UPDATE quality_reports SET target = 'x'"))


def test_cases_come_into_a_concept_change_sides_and_go(world):
    with world.database.write() as tx:
        stripes = concepts.ensure(tx, world.workspace.id, "stripes", "ada")
        assert concepts.ensure(tx, world.workspace.id, "stripes", "ben") == stripes
        for name in ("pool", "train", "ledger"):
            concepts.collect(tx, stripes, world.cases[name].id, True, "ada")
        concepts.collect(tx, stripes, world.cases["ledger"].id, False, "ben")
        concepts.collect(tx, stripes, world.pool, None, "ada")
        concepts.ensure(tx, world.workspace.id, "dots", "ada")
    with world.database.read() as tx:
        found = concepts.list_concepts(tx, world.workspace.id)
    assert [(one.name, one.cases, one.counter_cases) for one in found] == [
        ("stripes", ("train",), ("ledger",)),
        ("dots", (), ()),
    ]


def test_a_database_of_the_second_schema_keeps_its_jobs_and_takes_the_new_kind(settings):
    settings.home.mkdir(parents=True, exist_ok=True)
    engine = create_engine(settings.database_url.replace("postgresql:", "postgresql+psycopg:"))
    columns = "id, kind, workspace, payload, actor_id, status, attempt, cancel_requested, progress, created"
    with engine.begin() as tx:
        migrate.upgrade(tx, "here", "0002")
        tx.execute(text("INSERT INTO actors VALUES ('ada', 'person', 'Ada', '2026-01-01')"))
        tx.execute(text("INSERT INTO workspaces VALUES (1, 'demo', '2026-01-01')"))
        progress = '{"curve":[],"done":0,"message":"","seconds_left":null,"stage":"","total":0}'
        values = f"7, 'retrain', 'demo', '{{}}', 'ada', 'done', 1, false, '{progress}', '2026-01-01 00:00:00'"
        tx.execute(text(f"INSERT INTO jobs ({columns}) VALUES ({values.replace(':', chr(92) + ':')})"))
        tx.execute(
            text(
                "INSERT INTO runs (id, workspace_id, kind, strategy, seed, use_regions, status, job_id, created) "
                "VALUES (1, 1, 'retrain', 'labels', 1, false, 'done', 7, '2026-01-01')"
            )
        )
    engine.dispose()
    opened = open_database(settings)
    with opened.write() as tx:
        assert jobs.get(tx, 7).kind == "retrain"
        if opened.where.endswith(".db"):
            assert tx.execute(text("PRAGMA integrity_check")).scalar() == "ok"
            assert tx.execute(text("PRAGMA foreign_key_check")).all() == []
    with opened.write() as tx:
        assert jobs.add(tx, NewJob("quality", "demo", {}, "ada", key="k")).kind == "quality"
    for table in ("jobs", "runs"):
        with pytest.raises(IntegrityError), opened.write() as tx:
            tx.execute(text(f"UPDATE {table} SET kind = 'x'"))
        with opened.write() as tx:
            tx.execute(text(f"UPDATE {table} SET kind = 'quality'"))
    opened.close()
