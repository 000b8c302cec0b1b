"""Databases of both kinds, blank and migrated, and a small world in them."""

import itertools
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest

from core.settings import Settings, load_settings
from core.storage.blobs import BlobStore
from core.storage.database import Database, open_database
from tests.helpers.postgres import NoPostgres, postgres_server
from tests.helpers.stored_world import World, make_world


@pytest.fixture(scope="session")
def blank_postgres() -> Iterator[Callable[[], str]]:
    """Make a blank database on a private PostgreSQL server and return its address."""
    numbers = itertools.count(1)
    with ExitStack() as stack:
        try:
            address = stack.enter_context(postgres_server())
        except (NoPostgres, subprocess.SubprocessError, OSError) as error:
            pytest.skip(f"PostgreSQL can't be started: {error}")

        def make() -> str:
            name = f"tandem{next(numbers)}"
            with psycopg.connect(address.format(name="postgres"), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")
            return address.format(name=name)

        yield make


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request, tmp_path) -> Settings:
    """Settings of a blank home, once on SQLite and once on PostgreSQL."""
    environment = {"TANDEM_HOME": str(tmp_path / "home")}
    if request.param == "postgresql":
        environment["TANDEM_DATABASE_URL"] = request.getfixturevalue("blank_postgres")()
    return load_settings(environment)


@pytest.fixture
def sqlite_settings(tmp_path) -> Settings:
    """Settings of a blank home on SQLite."""
    return load_settings({"TANDEM_HOME": str(tmp_path / "home")})


@pytest.fixture
def database(settings) -> Iterator[Database]:
    """An open database, once of each kind."""
    opened = open_database(settings)
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
