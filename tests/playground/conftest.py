"""The real product with two small workspaces, served once, and a program with a token."""

from collections.abc import Iterator

import pytest

from tests.helpers.product import serving
from tests.helpers.programs import Program, program
from tests.helpers.tiny_folder import write_tiny_folder
from tests.helpers.tiny_mixed import write_mixed_folder
from tests.helpers.tiny_product import open_home


@pytest.fixture(scope="session")
def playground_folder(tmp_path_factory):
    """A home with the workspaces `tiny` and `mixed` and their champions; the images lie beside it."""
    folder = tmp_path_factory.mktemp("playground")
    container = open_home(folder / "home")
    for write in (write_tiny_folder, write_mixed_folder):
        toml = write(folder / write.__name__)
        report = container.importing.import_folder(toml, toml.parent, actor=container.default_actor)
        container.jobs.wait(report.job_id or 0)
    container.close()
    return folder


@pytest.fixture(scope="session")
def robot(playground_folder) -> Iterator[Program]:
    """A program that may come in."""
    with serving(playground_folder / "home", demos="") as served:
        yield program(served)


@pytest.fixture(scope="session")
def image(playground_folder) -> bytes:
    """An image that is bright below."""
    return (playground_folder / "write_tiny_folder" / "t001.png").read_bytes()
