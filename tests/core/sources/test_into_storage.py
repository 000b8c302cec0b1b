"""Sources and storage together: importing twice adds nothing, changed content is a conflict."""

import numpy as np
import pytest

from core.contracts import Actor
from core.media import encode_png
from core.settings import load_settings
from core.sources import source_of
from core.storage import actors, cases, workspaces
from core.storage.blobs import BlobStore
from core.storage.database import open_database
from tests.helpers.source_parts import Listener, small_spec


@pytest.fixture
def importer(folder, tmp_path_factory):
    """Import the folder into a real database and blob store; returns what was added."""
    home = tmp_path_factory.mktemp("home")
    database, blobs = open_database(load_settings({"TANDEM_HOME": str(home)})), BlobStore(home / "blobs")

    def run():
        result = source_of(small_spec(), folder).read(small_spec(), blobs, Listener())
        with database.write() as tx:
            actors.ensure(tx, Actor("local"))
            workspace = workspaces.ensure(tx, "small", "", "local")
            added = cases.add_many(tx, workspace.id, workspace.revision_id, result.cases)
            return added, cases.list_cases(tx, workspace.id), blobs

    yield run
    database.close()


def test_importing_twice_adds_nothing(importer, write_csv):
    write_csv(*(f"images/{n}.png,{'yes' if n % 2 else 'no'},p{n},{10 * n},F" for n in range(10)))
    first, stored, blobs = importer()
    assert (first.added, first.unchanged, first.conflicts) == (10, 0, ())
    files = sorted(path for path in blobs.root.rglob("*") if path.is_file())
    again, after, _ = importer()
    assert (again.added, again.unchanged, again.conflicts) == (0, 10, ())
    assert after == stored
    assert sorted(path for path in blobs.root.rglob("*") if path.is_file()) == files


def test_changed_content_is_a_conflict_and_changes_nothing(importer, folder, write_csv):
    rows = [f"images/{n}.png,yes,p{n},50,F" for n in range(4)]
    write_csv(*rows)
    _, stored, _ = importer()
    (folder / "images" / "0.png").write_bytes(encode_png(np.full((4, 4), 99, np.uint8)))
    write_csv(rows[0], rows[1].replace("yes", "no"), rows[2].replace("p2", "p9"), rows[3], "images/4.png,no,p4,50,F")
    added, after, _ = importer()
    assert (added.added, added.unchanged, added.conflicts) == (1, 1, ("0", "1", "2"))
    assert after[:4] == stored


def test_the_original_bytes_are_stored(importer, folder, write_csv):
    write_csv("images/3.png,yes,p1,50,F")
    _, (case,), blobs = importer()
    assert blobs.get(case.fields[0].blob) == (folder / "images" / "3.png").read_bytes()
