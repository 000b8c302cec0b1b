"""Databases of both kinds, blank and migrated, and a small world in them."""

import itertools
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from core.contracts import NewRegion
from core.settings import Settings, load_settings
from core.storage import audit, reads, runs, verdicts, versions
from core.storage.blobs import BlobStore
from core.storage.database import Database, open_database
from tests.helpers.audit_chain import EVENTS, append
from tests.helpers.postgres import NoPostgres, postgres_server
from tests.helpers.stored_world import World, make_world, new_verdict, new_version


@dataclass
class Place:
    """Where a kind of database makes new ones: blank, or as a copy of one that is migrated."""

    folder: Path
    server: str | None
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def blank(self, template: str = "template0") -> Settings:
        """Settings of a blank home and database."""
        number = next(self.numbers)
        environment = {"TANDEM_HOME": str(self.folder / f"home{number}")}
        if self.server is not None:
            with psycopg.connect(self.server.format(name="postgres"), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE tandem{number} TEMPLATE {template}")
            environment["TANDEM_DATABASE_URL"] = self.server.format(name=f"tandem{number}")
        return load_settings(environment)

    @cached_property
    def migrated(self) -> Settings:
        """Settings of a migrated database that nobody else opens."""
        settings = self.blank()
        open_database(settings).close()
        return settings

    def copy(self) -> Settings:
        """Settings of a copy of the migrated database."""
        template = self.migrated
        name = "template0" if self.server is None else conninfo_to_dict(template.database_url)["dbname"]
        settings = self.blank(str(name))
        shutil.copytree(template.home, settings.home)
        return settings


@pytest.fixture(scope="session")
def sqlite_place(tmp_path_factory) -> Place:
    """Where SQLite databases are made."""
    return Place(tmp_path_factory.mktemp("sqlite"), None)


@pytest.fixture(scope="session")
def postgresql_place(tmp_path_factory) -> Iterator[Place]:
    """Where PostgreSQL databases are made: a private server."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(postgres_server())
        except (NoPostgres, subprocess.SubprocessError, OSError) as error:
            pytest.skip(f"PostgreSQL can't be started: {error}")
        yield Place(tmp_path_factory.mktemp("postgresql"), server)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request) -> Place:
    """Both places, one after the other."""
    return request.getfixturevalue(f"{request.param}_place")


@pytest.fixture
def settings(place) -> Settings:
    """Settings of a blank home, once on SQLite and once on PostgreSQL."""
    return place.blank()


@pytest.fixture
def sqlite_settings(sqlite_place) -> Settings:
    """Settings of a blank home on SQLite."""
    return sqlite_place.blank()


@pytest.fixture
def database(place) -> Iterator[Database]:
    """An open, migrated database, once of each kind."""
    opened = open_database(place.copy())
    yield opened
    opened.close()


@pytest.fixture
def blobs(tmp_path) -> BlobStore:
    """A blank blob store."""
    return BlobStore(tmp_path / "home" / "blobs")


@pytest.fixture
def world(database) -> World:
    """A small world in a database of each kind."""
    return make_world(database)


@pytest.fixture
def rich_world(world) -> World:
    """The small world after some work: every append-only table has a row."""
    with world.database.write() as tx:
        read = reads.add(tx, world.pool, "digit", "ada", "3", "certain", 2.0)
        mark = NewRegion("image", "ignore", "patch", mask="d" * 64)
        verdicts.add(tx, new_verdict(world, comment="see the corner", read_id=read.id, regions=(mark,)))
        versions.add(tx, new_version(world))
        runs.record_training_cases(tx, world.run.id, [world.pool])
        audit.append(tx, actor_id="ada", kind="verdict", workspace="demo", subject={"verdict": 1}, payload=b"secret")
    return world


@pytest.fixture
def chain(database) -> Database:
    """A database with six events, the third and fifth with a payload."""
    for number in range(1, EVENTS + 1):
        append(database, number, payload=f"words {number}".encode() if number in (3, 5) else None)
    return database
