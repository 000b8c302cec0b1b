"""`spread`: searches, lists, takes ticks, accepts; as JSON and in words."""

import json

import pytest
from typer.testing import CliRunner

from core.cli import app
from tests.helpers.planted_corners import ARTEFACT, MARKS, corner_of, prepare_planted
from tests.helpers.tiny_product import WORKSPACE

pytestmark = pytest.mark.slow


def test_search_tick_and_accept(tmp_path):
    runner = CliRunner(env={"TANDEM_HOME": str(prepare_planted(tmp_path)), "TANDEM_THREADS": "1"})

    def run(*arguments: str):
        return runner.invoke(app, ["spread", WORKSPACE, ARTEFACT, *arguments])

    done = run("--json", "--limit", "200")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["artefact"], found["marks"], found["precision"]) == (ARTEFACT, MARKS, None)
    assert len(found["proposals"]) == found["open"] > 10
    refused = run("--accept-above", "0.9")
    assert refused.exit_code == 1
    assert "20 are needed" in refused.stderr
    first = found["proposals"][0]
    assert corner_of(first["case"]) is not None
    words = run("--right", str(first["id"]))
    assert words.exit_code == 0
    assert "1 accepted" in words.stdout
    assert "right among the open ones: 1.00" in words.stdout
    missing = runner.invoke(app, ["spread", WORKSPACE, "marker"])
    assert missing.exit_code == 1
    assert "no artefact 'marker'" in missing.stderr
