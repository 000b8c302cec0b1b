"""Tokens in the database: digests only, one valid token a name, revoked for good."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, insert, inspect, text
from sqlalchemy.exc import IntegrityError

from core.errors import Conflict, NotFound
from core.storage import migrate, schema, tokens
from core.storage.columns import now
from core.storage.database import open_database


def test_a_token_is_found_by_its_digest_alone(world):
    with world.database.write() as tx:
        made = tokens.add(tx, "lab", "d" * 64, "ada")
    with world.database.read() as tx:
        assert tokens.by_digest(tx, "d" * 64) == (made, "d" * 64)
        assert tokens.by_digest(tx, "e" * 64) is None
        assert (made.name, made.actor_id, made.last_used, made.revoked) == ("lab", "ada", None, None)


def test_use_and_revocation_are_recorded(world):
    at = datetime(2026, 5, 4, 3, tzinfo=UTC)
    with world.database.write() as tx:
        made = tokens.add(tx, "lab", "d" * 64, "ada")
        tokens.used(tx, made.id, at)
        revoked = tokens.revoke(tx, "lab")
        assert revoked.last_used == at
        assert revoked.revoked is not None
        with pytest.raises(NotFound, match=r"'lab'.*Valid tokens: none"):
            tokens.revoke(tx, "lab")


def test_a_name_is_free_again_after_revocation(world):
    with world.database.write() as tx:
        tokens.add(tx, "lab", "d" * 64, "ada")
        with pytest.raises(Conflict, match="'lab' already"):
            tokens.add(tx, "lab", "e" * 64, "ada")
        tokens.revoke(tx, "lab")
        tokens.add(tx, "lab", "e" * 64, "ada")
        assert [token.revoked is None for token in tokens.list_tokens(tx)] == [False, True]


def test_the_database_itself_keeps_names_of_valid_tokens_apart(world):
    row = {"name": "lab", "actor_id": "ada", "created": now()}
    two = insert(schema.tokens).values([row | {"digest": "d" * 64}, row | {"digest": "e" * 64}])
    with pytest.raises(IntegrityError), world.database.write() as tx:
        tx.execute(two)


def test_a_database_of_the_first_schema_gets_the_table_and_keeps_its_rows(settings):
    url = settings.database_url.replace("postgresql:", "postgresql+psycopg:")
    settings.home.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url)
    with engine.begin() as tx:
        migrate.upgrade(tx, "here", "0001")
        tx.execute(text("INSERT INTO actors VALUES ('ada', 'person', 'Ada', '2026-01-01')"))
        assert "tokens" not in inspect(tx).get_table_names()
    engine.dispose()
    opened = open_database(settings)
    with opened.write() as tx:
        assert tokens.add(tx, "lab", "d" * 64, "ada").actor_id == "ada"
        assert migrate.current_revision(tx) == migrate.newest_revision()
    opened.close()
