"""Tokens of programs through the services: what is kept, who they stand for, when they stop."""

import json
import re
from datetime import timedelta

import pytest

from core.contracts import Actor
from core.errors import BadInput, NotFound
from core.services import tokens as module
from core.settings import load_settings
from tests.helpers.tiny_product import open_home


@pytest.fixture
def tokens(tmp_path):
    """The tokens of a blank home."""
    container = open_home(tmp_path / "home")
    yield container.tokens
    container.close()


ADA = Actor("ada", "person", "Ada")


def test_a_token_has_256_random_bits_and_stands_for_a_service(tokens):
    made = tokens.create("ward-bot", actor=ADA)
    assert re.fullmatch(r"tdm_[A-Za-z0-9_-]{43}", made.secret)
    assert tokens.actor_of(made.secret) == Actor("service:ward-bot", "service", "ward-bot")
    assert tokens.create("other", actor=ADA).secret != made.secret


def test_the_token_itself_is_nowhere_on_disk(tokens):
    secret = tokens.create("lab", actor=ADA).secret
    tokens.actor_of(secret)
    home = tokens.runtime.settings.home
    files = [path for path in home.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if secret.encode() in path.read_bytes()]


@pytest.mark.parametrize("wrong", ["", "tdm_", "tdm_" + "x" * 43, "Bearer tdm_", "tdm_" + "x" * 100_000, "tdm_é"])
def test_what_is_no_token_stands_for_nobody(tokens, wrong):
    tokens.create("lab", actor=ADA)
    assert tokens.actor_of(wrong) is None


def test_a_revoked_token_stops_at_once(tokens):
    secret = tokens.create("lab", actor=ADA).secret
    tokens.revoke("lab", actor=ADA)
    assert tokens.actor_of(secret) is None
    with pytest.raises(NotFound, match="Valid tokens: none"):
        tokens.revoke("lab", actor=ADA)
    again = tokens.create("lab", actor=ADA).secret
    assert tokens.actor_of(secret) is None
    assert tokens.actor_of(again) is not None


@pytest.mark.parametrize("name", ["", "A", "a b", "-a", "a" * 65, "a\n", "ä"])
def test_names_that_can_not_be_used_are_refused(tokens, name):
    with pytest.raises(BadInput, match="1 to 64"):
        tokens.create(name, actor=ADA)
    assert tokens.list() == ()


def test_the_last_use_is_kept_to_the_hour(tokens, monkeypatch):
    secret = tokens.create("lab", actor=ADA).secret
    tokens.actor_of(secret)
    first = tokens.list()[0].last_used
    assert (first.minute, first.second, first.microsecond) == (0, 0, 0)
    tokens.actor_of(secret)
    assert tokens.list()[0].last_used == first
    real = module.now
    monkeypatch.setattr(module, "now", lambda: real() + timedelta(hours=2))
    tokens.actor_of(secret)
    assert tokens.list()[0].last_used == first + timedelta(hours=2)


def test_making_and_revoking_are_on_record_without_the_secret(tokens):
    secret = tokens.create("lab", actor=ADA).secret
    tokens.revoke("lab", actor=ADA)
    container = open_home(tokens.runtime.settings.home)
    try:
        rows = container.audit.events()
        text = container.audit.export_text()
        assert container.audit.verify().ok
    finally:
        container.close()
    assert [(row.kind, row.actor) for row in rows] == [("revoke", "Ada"), ("token", "Ada")]
    assert secret not in text
    assert json.loads(text.splitlines()[0])["subject"] == {"token": 1, "name": "lab"}


def test_settings_name_no_token(tmp_path):
    assert not [name for name in load_settings({}).__slots__ if "token" in name]
