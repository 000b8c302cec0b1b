"""Homes with champions, prepared once: four kinds of field, and a convolutional model of one's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.services.container import Container
from tests.helpers.evidence import CASE, MIXED, read_all
from tests.helpers.own_models import convolutional
from tests.helpers.own_workspace import write_own_folder
from tests.helpers.tiny_mixed import write_mixed_folder
from tests.helpers.tiny_product import copy_home, open_home


def _prepared(toml: Path, home: Path) -> Path:
    container = open_home(home)
    report = container.importing.import_folder(toml, toml.parent, actor=container.default_actor)
    container.jobs.wait(report.job_id or 0)
    container.close()
    return home


@pytest.fixture(scope="session")
def mixed_home(tmp_path_factory) -> Path:
    """A closed home with four kinds of field, two targets, and a champion; every case of it has been read."""
    folder = tmp_path_factory.mktemp("evidence")
    home = _prepared(write_mixed_folder(folder / "data"), folder / "home")
    container = open_home(home)
    read_all(container)
    container.evidence.methods(MIXED, CASE, actor=container.default_actor)  # what fits is kept
    container.close()
    return home


@pytest.fixture(scope="session")
def convolutional_home(tmp_path_factory) -> Path:
    """A closed home with a convolutional model of one image field."""
    folder = tmp_path_factory.mktemp("convolutional")
    return _prepared(write_own_folder(folder / "data", "convolutional", convolutional()), folder / "home")


@pytest.fixture
def mixed(mixed_home, tmp_path) -> Iterator[Container]:
    """The services on a fresh copy of the mixed home."""
    container = open_home(copy_home(mixed_home, tmp_path / "home"))
    yield container
    container.close()


@pytest.fixture(scope="session")
def shared(mixed_home, tmp_path_factory) -> Iterator[Container]:
    """The services on one copy for all tests that may find what others computed."""
    container = open_home(copy_home(mixed_home, tmp_path_factory.mktemp("shared") / "home"))
    yield container
    container.close()


@pytest.fixture
def pictures(convolutional_home, tmp_path) -> Iterator[Container]:
    """The services on a fresh copy of the convolutional home."""
    container = open_home(copy_home(convolutional_home, tmp_path / "home"))
    yield container
    container.close()
