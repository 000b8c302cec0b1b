"""`team`: the page as JSON and in words."""

import json

import pytest
from typer.testing import CliRunner

from core.cli import app
from tests.helpers.simulated_readers import SimulatedReader, Task, read_cases
from tests.helpers.tiny_product import TARGET, WORKSPACE, names_of, open_home, prepare_home, truth

pytestmark = pytest.mark.slow
READERS = (SimulatedReader("ada", 0.9, 0.3), SimulatedReader("ben", 0.6, 0.8))


def test_json_and_words(tmp_path):
    home = prepare_home(tmp_path)
    runner = CliRunner(env={"TANDEM_HOME": str(home), "TANDEM_THREADS": "1"})

    def run(*arguments: str):
        return runner.invoke(app, ["team", WORKSPACE, *arguments])

    empty = run()
    assert empty.exit_code == 0
    assert "Nobody has read a case before the model's answer was shown yet" in empty.stdout
    container = open_home(home)
    names = names_of(container, "pool")[:24]
    for reader in READERS:
        read_cases(container, Task(WORKSPACE, TARGET, ("above", "below"), truth), reader, names)
    container.close()
    done = run("--json", "--hour-cost", "12")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout.splitlines()[-1])
    assert [row["cut"] for row in found["rows"]] == ["all", "reader R1", "reader R2"]
    assert found["rows"][0]["reads"] == 2 * len(names)
    assert set(found["rows"][0]["gain"]) == {"value", "low", "high", "n"}
    assert found["hour_cost"] == 12
    assert len(found["curves"][0]["points"]) == 21
    words = run()
    assert f"all: {2 * len(names)} reads of {len(names)} cases" in words.stdout
    assert "Least sure first: " in words.stdout
    refused = run("--hour-cost", "-1")
    assert refused.exit_code == 1
    assert "zero or more" in refused.stderr
