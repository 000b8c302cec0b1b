"""`quality`: asks for a report, waits for it, says it in words and as JSON."""

import json

import pytest
from typer.testing import CliRunner

from core.cli import app
from tests.helpers.tiny_product import WORKSPACE, prepare_home

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run a command on the tiny workspace with its champion."""
    home = prepare_home(tmp_path_factory.mktemp("quality"))
    runner = CliRunner(env={"TANDEM_HOME": str(home), "TANDEM_THREADS": "1", "TANDEM_ACTOR": "ada"})
    return lambda *arguments: runner.invoke(app, ["quality", WORKSPACE, *arguments])


def test_the_report_as_json_and_in_words(run):
    done = run("v1", "--cases", "6", "--method", "saliency", "--method", "input_x_gradient", "--wait", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["version"], found["target"], found["cases"], found["skipped"]) == ("v1", "side", 6, [])
    assert {one["method"] for one in found["methods"]} == {"saliency", "input_x_gradient"}
    assert found["default"] in {"saliency", "input_x_gradient", None}
    words = run("--cases", "5", "--method", "saliency", "--wait")
    assert words.exit_code == 0
    assert "v1, side, 5 cases:" in words.stdout
    assert "Saliency." in words.stdout
    assert "n=5" in words.stdout


def test_without_waiting_the_job_is_named(run):
    asked = run("--cases", "2", "--method", "saliency", "--json")
    assert asked.exit_code == 0
    assert set(json.loads(asked.stdout.splitlines()[-1])) == {"job"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("v9",), "no version 'v9'"),
        (("--method", "magic"), "no explanation method 'magic'"),
        (("--cases", "0"), "at least 1 case"),
        (("--target", "mood"), "no target 'mood'"),
    ],
)
def test_what_is_wrong_is_refused(run, arguments, words):
    refused = run(*arguments)
    assert refused.exit_code == 1
    assert words in refused.stderr
