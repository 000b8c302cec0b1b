"""The spotted workspace with its champion, prepared once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.services.container import Container
from tests.helpers.spotted import read, write_spotted_folder
from tests.helpers.tiny_product import copy_home, open_home

READ = ("m003", "m004", "m005", "m006", "m007", "m021")
"""Cases that the default actor has read; of the last two the one lacks its colour, the other its age."""


@pytest.fixture(scope="session")
def spotted_home(tmp_path_factory) -> Path:
    """A closed home."""
    folder = tmp_path_factory.mktemp("spotted")
    toml = write_spotted_folder(folder / "data")
    container = open_home(folder / "home")
    report = container.importing.import_folder(toml, toml.parent, actor=container.default_actor)
    container.jobs.wait(report.job_id or 0)
    for name in READ:
        read(container, name)
    container.close()
    return folder / "home"


@pytest.fixture
def fresh(spotted_home, tmp_path) -> Iterator[Container]:
    """The services on a copy that a test may change."""
    container = open_home(copy_home(spotted_home, tmp_path / "home"))
    yield container
    container.close()


@pytest.fixture(scope="session")
def shared(spotted_home, tmp_path_factory) -> Iterator[Container]:
    """The services on one copy for all tests that change nothing."""
    container = open_home(copy_home(spotted_home, tmp_path_factory.mktemp("shared") / "home"))
    yield container
    container.close()
