"""`token create`, `list` and `revoke`, as a person types them."""

import json

import pytest
from typer.testing import CliRunner

from core.cli import app


@pytest.fixture
def run(tmp_path):
    """Run a command on a blank home."""
    runner = CliRunner(env={"TANDEM_HOME": str(tmp_path / "home"), "TANDEM_ACTOR": "ada"})
    return lambda *arguments: runner.invoke(app, ["token", *arguments])


def test_a_token_is_made_shown_once_listed_and_revoked(run):
    made = run("create", "ward-bot")
    assert made.exit_code == 0
    secret = made.stdout.strip()
    assert secret.startswith("tdm_")
    listed = run("list")
    assert "ward-bot: valid, made" in listed.stdout
    assert "by ada, never used" in listed.stdout
    assert secret not in listed.output
    assert run("revoke", "ward-bot").stdout.strip() == "ward-bot: revoked"
    assert "ward-bot: revoked" in run("list").stdout


def test_the_last_line_is_json(run):
    made = json.loads(run("create", "lab", "--json").stdout.splitlines()[-1])
    assert made["secret"].startswith("tdm_")
    assert (made["name"], made["actor"], made["made_by"]) == ("lab", "service:lab", "ada")
    listed = json.loads(run("list", "--json").stdout.splitlines()[-1])["tokens"]
    assert [(item["name"], item["revoked"], "secret" in item) for item in listed] == [("lab", None, False)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("create", "A B"), "1 to 64"), (("revoke", "nobody"), "no valid token"), (("create", "lab"), "already")],
)
def test_refusals_are_messages_with_code_1(run, arguments, words):
    run("create", "lab")
    result = run(*arguments)
    assert result.exit_code == 1
    assert words in result.output
    assert "Traceback" not in result.output


def test_an_empty_list_says_how_to_make_one(run):
    assert "token create NAME" in run("list").stdout
