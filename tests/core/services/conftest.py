"""A prepared home once, a copy of it for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.services.container import Container
from tests.helpers.tiny_product import copy_home, open_home, prepare_home


@pytest.fixture(scope="session")
def prepared_home(tmp_path_factory) -> Path:
    """The tiny workspace with its champion."""
    return prepare_home(tmp_path_factory.mktemp("prepared"))


@pytest.fixture
def product(prepared_home, tmp_path) -> Iterator[Container]:
    """The services on a fresh copy."""
    container = open_home(copy_home(prepared_home, tmp_path / "home"))
    yield container
    container.close()
