"""Pseudonyms of readers: in order of arrival, one each, for good."""

import pytest

from core.contracts import Actor
from core.errors import NotFound
from core.storage import actors, readers, workspaces


def test_pseudonyms_count_up_and_stay(world):
    with world.database.write() as tx:
        given = [readers.pseudonym(tx, world.workspace.id, name) for name in ("ben", "ada", "ben")]
        assert given == ["R1", "R2", "R1"]
        other = workspaces.ensure(tx, "other", "title = 'two'", "ada")
        assert readers.pseudonym(tx, other.id, "ada") == "R1"
    with world.database.read() as tx:
        known = readers.of_workspace(tx, world.workspace.id)
        assert [(reader.actor_id, reader.pseudonym) for reader in known.values()] == [("ben", "R1"), ("ada", "R2")]


def test_experience_is_set_and_taken_away_by_pseudonym(world):
    with world.database.write() as tx:
        actors.ensure(tx, Actor("cy"))
        readers.pseudonym(tx, world.workspace.id, "cy")
        readers.set_experience(tx, world.workspace.id, "R1", "expert")
        assert readers.of_workspace(tx, world.workspace.id)["cy"].experience == "expert"
        readers.set_experience(tx, world.workspace.id, "R1", "")
        assert readers.of_workspace(tx, world.workspace.id)["cy"].experience == ""
        with pytest.raises(NotFound, match=r"'R2' here. Known: R1"):
            readers.set_experience(tx, world.workspace.id, "R2", "expert")
