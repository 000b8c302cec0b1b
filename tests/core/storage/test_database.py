"""Opening and using the database when all is well, and what it says when it is not."""

import os
import shutil
import sqlite3
import tempfile
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, StatementError

from core.contracts import Actor
from core.errors import Unavailable
from core.settings import load_settings
from core.storage import actors
from core.storage import database as database_module
from core.storage.database import open_database
from core.storage.schema import actors as actors_table

NOBODY = 65534


def names(database) -> set[str]:
    with database.read() as tx:
        return set(actors.names(tx))


def add(database, name: str) -> None:
    with database.write() as tx:
        actors.ensure(tx, Actor(name))


def add_and_fail(database) -> None:
    with database.write() as tx:
        actors.ensure(tx, Actor("ada"))
        raise ValueError("half way")


def test_a_block_is_committed_whole_or_not_at_all(database):
    with pytest.raises(ValueError, match="half way"):
        add_and_fail(database)
    assert names(database) == set()
    add(database, "ada")
    assert names(database) == {"ada"}
    assert database.ok() == "ok"


def test_a_reader_can_not_write(database):
    with pytest.raises((Unavailable, DBAPIError), match=r"(?i)read-only"), database.read() as tx:
        actors.ensure(tx, Actor("ada"))
    add(database, "ben")
    assert names(database) == {"ben"}


def test_a_reader_sees_one_state_while_a_writer_commits(database):
    with database.read() as tx:
        assert actors.names(tx) == {}
        add(database, "ada")
        assert actors.names(tx) == {}
    assert names(database) == {"ada"}


def test_times_are_utc_whatever_their_zone_and_never_without_one(database):
    noon = datetime(2026, 3, 29, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    row = {"id": "ada", "kind": "person", "name": "", "created": noon}
    with database.write() as tx:
        tx.execute(insert(actors_table).values(row))
        stored = tx.execute(select(actors_table.c.created)).scalar_one()
    assert stored == noon
    assert stored.tzinfo is UTC
    naive = insert(actors_table).values({**row, "id": "ben", "created": datetime(2026, 3, 29)})
    with pytest.raises(StatementError, match="must have a zone"), database.write() as tx:
        tx.execute(naive)


def test_many_threads_read_at_once(database):
    add(database, "ada")
    start, seen = threading.Barrier(24), []

    def look() -> None:
        start.wait()
        seen.append(names(database))

    threads = [threading.Thread(target=look) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [{"ada"}] * 24


def test_sqlite_is_durable_and_checks_foreign_keys(sqlite_settings):
    database = open_database(sqlite_settings)
    with database.write() as tx:
        pragmas = {name: tx.exec_driver_sql(f"PRAGMA {name}").scalar() for name in PRAGMAS}
    assert pragmas == PRAGMAS
    database.close()


PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000, "secure_delete": 1}


def write_inside_write(database) -> None:
    with database.write():
        add(database, "ada")


def test_a_nested_write_is_told_at_once(sqlite_settings):
    database = open_database(sqlite_settings)
    with pytest.raises(RuntimeError, match="can't be nested"):
        write_inside_write(database)
    add(database, "ada")
    database.close()


def test_a_lock_held_by_another_process_is_waited_for_and_then_told(sqlite_settings, monkeypatch):
    monkeypatch.setattr(database_module, "BUSY_SECONDS", 0.2)
    database = open_database(sqlite_settings)
    with closing(sqlite3.connect(sqlite_settings.home / "tandem.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="is busy: another process"):
            add(database, "ada")
        assert names(database) == set()
        other.execute("ROLLBACK")
    add(database, "ada")
    database.close()


def test_a_writer_that_does_not_finish_is_told(sqlite_settings, monkeypatch):
    monkeypatch.setattr(database_module, "BUSY_SECONDS", 0.2)
    database = open_database(sqlite_settings)
    told: list[str] = []

    def write() -> None:
        try:
            add(database, "ben")
        except Unavailable as error:
            told.append(str(error))

    with database.write():
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    assert "another writer did not finish" in told[0]
    database.close()


def fill_the_disk(database) -> None:
    with database.write() as tx:
        actors.ensure(tx, Actor("ada"))
        pages = tx.exec_driver_sql("PRAGMA page_count").scalar_one()
        tx.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
        actors.ensure(tx, Actor("ben", name="b" * 1_000_000))


def test_a_full_disk_is_told_and_nothing_is_half_saved(sqlite_settings):
    database = open_database(sqlite_settings)
    with pytest.raises(Unavailable, match=r"the disk is full\. Free some space"):
        fill_the_disk(database)
    assert names(database) == set()
    database.close()


@pytest.fixture
def public_home():
    """A home that an unprivileged user can reach, and that user's identity while the test runs."""
    folder = Path(tempfile.mkdtemp(prefix="tandem-"))
    folder.chmod(0o755)
    yield folder / "home"
    shutil.rmtree(folder)


@pytest.fixture
def unprivileged():
    """Be somebody who has to obey permissions."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    yield
    if is_root:
        os.seteuid(0)


def test_a_read_only_database_is_told(public_home, request):
    settings = load_settings({"TANDEM_HOME": str(public_home)})
    open_database(settings).close()
    for path in (*public_home.iterdir(), public_home):
        path.chmod(0o555 if path.is_dir() else 0o444)
    (public_home / "open.lock").chmod(0o666)
    request.getfixturevalue("unprivileged")
    with pytest.raises(Unavailable, match=r"(read-only|can't be opened).*writable for this user"):
        open_database(settings)


def test_a_home_that_can_not_be_made_is_told(public_home, request):
    public_home.mkdir()
    public_home.chmod(0o555)
    request.getfixturevalue("unprivileged")
    with pytest.raises(Unavailable, match=r"can't be written \(Permission denied\).*TANDEM_HOME"):
        open_database(load_settings({"TANDEM_HOME": str(public_home / "inner")}))
    with pytest.raises(Unavailable, match=r"can't be written \(Permission denied\).*TANDEM_HOME"):
        open_database(load_settings({"TANDEM_HOME": str(public_home)}))


def test_a_database_that_becomes_read_only_is_not_ok(public_home, request):
    database = open_database(load_settings({"TANDEM_HOME": str(public_home)}))
    (public_home / "tandem.db").chmod(0o444)
    request.getfixturevalue("unprivileged")
    with pytest.raises(Unavailable, match="is read-only"):
        database.ok()
    database.close()


@pytest.mark.parametrize(
    "url", ["mysql://host/name", "sqlite://", "sqlite:///:memory:", "no address", "postgresql://host"]
)
def test_an_address_that_is_none_is_told(tmp_path, url):
    with pytest.raises(Unavailable, match=r"TANDEM_DATABASE_URL.*postgresql://user@host/name"):
        open_database(load_settings({"TANDEM_HOME": str(tmp_path), "TANDEM_DATABASE_URL": url}))


def test_a_damaged_file_is_told(sqlite_settings):
    sqlite_settings.home.mkdir()
    (sqlite_settings.home / "tandem.db").write_bytes(b"not a database, but long enough to be read as one" * 100)
    with pytest.raises(Unavailable, match="is damaged"):
        open_database(sqlite_settings)


def test_an_unreachable_server_is_told_without_its_password(tmp_path):
    url = "postgresql://tandem:secret@127.0.0.1:1/name?connect_timeout=2"
    with pytest.raises(Unavailable, match="can't be used now") as caught:
        open_database(load_settings({"TANDEM_HOME": str(tmp_path), "TANDEM_DATABASE_URL": url}))
    assert "secret" not in str(caught.value)


def end_sessions(address: str) -> None:
    """Cut all other sessions of the database, as a restart of the server does."""
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND datname = current_database()"
        )


def write_while_cut_off(database, address: str) -> None:
    with database.write() as tx:
        actors.ensure(tx, Actor("ben"))
        end_sessions(address)
        tx.execute(text("SELECT 1"))


def test_a_server_that_restarts_is_found_again(postgresql_place):
    settings = postgresql_place.copy()
    database = open_database(settings)
    add(database, "ada")
    end_sessions(settings.database_url)
    assert names(database) == {"ada"}
    with pytest.raises(Unavailable, match="can't be used now"):
        write_while_cut_off(database, settings.database_url)
    add(database, "cleo")
    assert names(database) == {"ada", "cleo"}
    database.close()
