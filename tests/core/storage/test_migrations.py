"""The migrations: from blank, from the first schema, twice, by two processes at once, from a newer release."""

import multiprocessing
import warnings

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import IntegrityError

from core.errors import Unavailable
from core.settings import Settings
from core.storage import migrate, workspaces
from core.storage.database import open_database
from core.storage.schema import metadata
from tests.helpers.stored_world import make_world


def test_the_migrations_make_exactly_the_tables_of_the_schema(database):
    with database.write() as tx:
        assert migrate.current_revision(tx) == migrate.newest_revision()
        context = MigrationContext.configure(tx, opts={"compare_type": True, "target_metadata": metadata})
        assert compare_metadata(context, metadata) == []


def test_opening_again_keeps_everything(settings):
    first = open_database(settings)
    world = make_world(first)
    first.close()
    second = open_database(settings)
    with second.read() as tx:
        assert workspaces.get(tx, "demo") == world.workspace
    second.close()


def test_a_database_of_the_first_schema_is_brought_up_to_date(settings):
    open_database(settings).close()
    opened = open_database(settings)
    with opened.write() as tx:
        migrate.upgrade(tx, opened.where, "0001")
    opened.close()
    again = open_database(settings)
    with again.read() as tx:
        assert migrate.current_revision(tx) == migrate.newest_revision()
    again.close()


def test_a_newer_schema_is_refused_naming_both_revisions(settings):
    opened = open_database(settings)
    with opened.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    opened.close()
    with pytest.raises(Unavailable, match=rf"9999.*{migrate.newest_revision()}.*Update Tandem"):
        open_database(settings)


def test_a_migration_that_fails_leaves_nothing_half_made(settings, monkeypatch):
    def break_down(*_: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr("core.storage.migrations.triggers.prepare", break_down)
    with pytest.raises(RuntimeError, match="power cut"):
        open_database(settings)
    url = settings.database_url.replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()
    monkeypatch.undo()
    opened = open_database(settings)
    assert opened.ok() == "ok"
    opened.close()


def open_and_count(settings: Settings, start) -> None:
    """Open the database at the same moment as the other processes do."""
    start.wait()
    opened = open_database(settings)
    with opened.read() as tx:
        tx.execute(text("SELECT count(*) FROM audit_events")).scalar_one()
    opened.close()


def test_processes_that_start_at_once_migrate_once(settings):
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(3)
    processes = [context.Process(target=open_and_count, args=(settings, start)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]


RAW_REFUSED = (
    ("UPDATE reads SET label = '9'", "append-only"),
    ("DELETE FROM reads", "append-only"),
    ("UPDATE verdicts SET label = '9'", "append-only"),
    ("DELETE FROM audit_events", "append-only"),
    ("UPDATE audit_events SET actor_id = 'x'", "append-only"),
    ("UPDATE cases SET split = 'train' WHERE name = 'ledger'", "never changes its split"),
    ("UPDATE versions SET sha256 = 'x'", "immutable"),
    ("DELETE FROM versions", "never deleted"),
    ("UPDATE regions SET mask = 'x'", "only be erased"),
    ("UPDATE regions SET field = 'x', mask = NULL, names = '[]'", "never change"),
    ("UPDATE payloads SET content = 'x'", "only be erased"),
    ("DELETE FROM payloads", "only be erased"),
    ("UPDATE training_cases SET case_id = 1", "append-only"),
    ("INSERT INTO actors VALUES ('x', 'robot', 'x', '2026-01-01')", "(?i)check"),
    ("UPDATE versions SET status = 'serving'", "(?i)check"),
    ("UPDATE versions SET status = 'champion'", r"uq_versions_champion|versions\.workspace_id"),
)


def test_the_database_itself_refuses(rich_world):
    for statement, words in RAW_REFUSED:
        with pytest.raises(IntegrityError, match=words), rich_world.database.write() as tx:
            tx.execute(text(statement))


def test_foreign_keys_hold(world):
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"), world.database.write() as tx:
        tx.execute(text("INSERT INTO case_attributes VALUES (999, 'a', 'b')"))


def test_imports_make_no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert migrate.newest_revision() == "0005"
