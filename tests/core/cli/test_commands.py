"""Every command on a real workspace, from import to rollback, in the order that a person would use them."""

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from core.cli import app
from core.services.container import build_container
from core.settings import load_settings
from tests.helpers.tiny_folder import CASES, SIZE, write_mask, write_tiny_folder


@dataclass(frozen=True, slots=True)
class Desk:
    """A home with one workspace, and the command line on it."""

    folder: Path
    toml: Path
    environment: dict[str, str]

    def run(self, *arguments: str) -> Result:
        """Run a command as a person would."""
        return CliRunner(env=self.environment).invoke(app, list(arguments))

    def json(self, *arguments: str) -> dict:
        """Run a command with `--json` and return its object."""
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout.splitlines()[-1])

    def pool_cases(self) -> list[tuple[str, str]]:
        """Names and true labels of the cases that wait to be read."""
        container = build_container(load_settings(self.environment))
        try:
            work = container.review.worklist("tiny", actor=container.default_actor)
        finally:
            container.close()
        return [(row.case, "above" if int(row.case[1:]) % 2 == 0 else "below") for row in work.rows]


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Desk:
    """A workspace with its first champion."""
    root = tmp_path_factory.mktemp("desk")
    toml = write_tiny_folder(root / "folder")
    desk = Desk(
        root / "folder", toml, {"TANDEM_HOME": str(root / "home"), "TANDEM_THREADS": "1", "TANDEM_ACTOR": "ada"}
    )
    result = desk.json("import", str(toml), str(desk.folder), "--wait")
    assert result["version"] == "v1"
    assert result["metrics"]["side"]["accuracy"]["n"] > 20
    assert result["added"] == CASES
    return desk


def test_importing_again_adds_nothing_and_lists_what_changed(desk):
    write_mask(desk.folder / "t000.png")
    result = desk.run("import", str(desk.toml), str(desk.folder))
    assert result.exit_code == 0
    assert f"0 cases added, {CASES - 1} unchanged, 1 in conflict" in result.stdout
    assert "t000" in result.stderr


def test_rows_that_cannot_be_used_are_listed(desk, tmp_path):
    (tmp_path / "cases.csv").write_text("image,side\nnowhere.png,above\n")
    result = desk.run("import", str(desk.toml), str(tmp_path))
    assert result.exit_code == 1
    assert "nowhere.png" in result.stderr
    missing = desk.run("import", str(desk.toml), str(tmp_path / "nowhere"))
    assert missing.exit_code == 1
    assert "Traceback" not in missing.output


def test_status_names_champion_and_figures(desk):
    value = desk.json("status")["workspaces"]["tiny"]
    assert (value["champion"], value["cases"]) == ("v1", CASES)
    assert set(value["metrics"]["side"]) == {"accuracy", "auroc"}
    assert set(value["metrics"]["side"]["auroc"]) == {"value", "low", "high", "n"}
    assert "tiny: champion v1" in desk.run("status").stdout


def test_predict(desk):
    value = desk.json("predict", "tiny", "t002")
    answer = value["targets"]["side"]
    assert (value["case"], value["version"]) == ("t002", "v1")
    assert set(answer) == {"probabilities", "set", "defers", "reason"}
    assert sum(answer["probabilities"].values()) == pytest.approx(1.0, abs=1e-5)
    assert set(answer["set"]) <= {"above", "below"}
    assert answer["defers"] == (len(answer["set"]) != 1)


@pytest.mark.parametrize("method", ["integrated_gradients", "occlusion", "saliency"])
def test_explain_writes_an_array_of_the_original_size(desk, tmp_path, method):
    value = desk.json("explain", "tiny", "t002", "--method", method, "--label", "below", "--out", str(tmp_path))
    array = np.load(value["attributions"]["image"], allow_pickle=False)
    assert array.shape == (SIZE, SIZE)
    assert np.isfinite(array).all()
    assert (value["method"], value["target"], value["label"]) == (method, "side", "below")
    if method == "integrated_gradients":
        assert value["completeness_error"] <= 0.05


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("predict", "nope", "t001"), "nope"),
        (("predict", "tiny", "nope"), "nope"),
        (("explain", "tiny", "t001", "--method", "nope"), "nope"),
        (("explain", "tiny", "t001", "--method", "saliency", "--label", "nope"), "nope"),
        (("verdict", "tiny", "t001", "--label", "nope"), "nope"),
        (("verdict", "tiny", "t001", "--label", "above", "--confidence", "nope"), "nope"),
        (("verdict", "tiny", "t001", "--label", "above", "--target", "nope"), "nope"),
        (("verdict", "tiny", "t001", "--label", "above", "--ignore", "nope.png"), "nope.png"),
        (("retrain", "tiny", "--strategy", "nope"), "nope"),
        (("gate", "tiny", "v9"), "v9"),
        (("promote", "tiny", "v9", "--reason", "because"), "v9"),
        (("rollback", "tiny", "--reason", "because"), "roll"),
        (("export", "nope", "folder"), "nope"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(desk, arguments, said):
    result = desk.run(*arguments, "--json")
    assert result.exit_code == 1, result.output
    message = json.loads(result.stdout.splitlines()[-1])["error"]
    assert said in message
    assert message in result.stderr


def test_several_names_may_follow_ignore(desk):
    result = desk.run("verdict", "tiny", "t001", "--label", "above", "--ignore", "nope.png", "nope", "--json")
    assert result.exit_code == 1
    assert desk.run("verdict", "tiny", "t001", "extra", "--label", "above").exit_code == 2


@pytest.mark.slow
def test_the_whole_loop(desk, tmp_path):
    mask = write_mask(tmp_path / "mask.png")
    for case, label in desk.pool_cases()[:12]:
        saved = desk.json("verdict", "tiny", case, "--label", label, "--ignore", str(mask), "--artefact", "corner")
        assert saved["case"] == case

    trained = desk.json("retrain", "tiny", "--strategy", "guided", "--wait")
    assert trained["version"] == "v2"
    assert trained["metrics"]["side"]["accuracy"]["n"] > 20

    report = desk.json("gate", "tiny", "v2")
    assert report["verdict"] in {"pass", "fail", "not assessable"}
    keys = {"name", "champion", "candidate", "difference", "low", "high", "n", "verdict", "reason"}
    assert all(set(check) == keys for check in report["checks"])
    assert "v2 against v1" in desk.run("gate", "tiny", "v2").stdout

    assert desk.run("promote", "tiny", "v2", "--reason", "").exit_code == 1
    decision = desk.json("promote", "tiny", "v2", "--reason", "it listens", "--override", "--acknowledge")
    assert (decision["version"], decision["previous"]) == ("v2", "v1")
    assert desk.json("predict", "tiny", "t002")["version"] == "v2"

    back = desk.json("rollback", "tiny", "--reason", "complaints")
    assert (back["version"], back["previous"]) == ("v1", "v2")
    assert desk.json("predict", "tiny", "t002")["version"] == "v1"


def test_the_record_verifies_and_can_be_taken_out(desk, tmp_path):
    value = desk.json("audit", "verify")
    assert (value["ok"], value["problem"]) == (True, None)
    assert value["events"] > 0
    file = Path(desk.json("audit", "export", str(tmp_path))["file"])
    assert len(file.read_text().splitlines()) == value["events"]
    files = desk.json("export", "tiny", str(tmp_path / "tiny"))["files"]
    assert {Path(name).name for name in files} >= {"cases.csv", "verdicts.csv", "workspace.toml"}
    assert set(desk.json("gc")) == {"removed", "bytes_freed", "kept"}


def test_a_record_that_was_edited_is_code_1(desk, tmp_path):
    home = shutil.copytree(desk.environment["TANDEM_HOME"], tmp_path / "home")
    with closing(sqlite3.connect(home / "tandem.db")) as connection, connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE audit_events SET kind = 'nothing' WHERE sequence = 1")
        for _, statement in triggers:
            connection.execute(statement)
    result = replace(desk, environment={"TANDEM_HOME": str(home)}).run("audit", "verify", "--json")
    assert result.exit_code == 1
    value = json.loads(result.stdout.splitlines()[-1])
    assert value["ok"] is False
    assert "1" in value["problem"]


def test_an_empty_home_says_how_to_begin(tmp_path):
    result = CliRunner(env={"TANDEM_HOME": str(tmp_path / "home")}).invoke(app, ["status"])
    assert result.exit_code == 0
    assert "python -m core demo" in result.stdout


def test_a_setting_of_the_wrong_type_is_refused_by_name(tmp_path):
    result = CliRunner(env={"TANDEM_HOME": str(tmp_path), "PORT": "many"}).invoke(app, ["status"])
    assert result.exit_code == 1
    assert "PORT" in result.stderr
    assert "'many'" in result.stderr


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "nan", "at least 1"),
        ("PORT", "80.5", "whole number"),
        ("TANDEM_THREADS", "-3", "at least 0"),
        ("TANDEM_LEASE_SECONDS", "0", "at least 0.1"),
        ("TANDEM_LEASE_SECONDS", "inf", "at least 0.1"),
    ],
)
def test_a_setting_out_of_range_is_refused_by_name(tmp_path, name, value, said):
    result = CliRunner(env={"TANDEM_HOME": str(tmp_path), name: value}).invoke(app, ["status"])
    assert result.exit_code == 1
    assert name in result.stderr
    assert said in result.stderr


def test_a_place_that_can_not_be_written_is_refused(desk, tmp_path):
    (tmp_path / "file").write_text("in the way")
    for arguments in (
        ("explain", "tiny", "t001", "--method", "saliency", "--out", str(tmp_path / "file")),
        ("export", "tiny", str(tmp_path / "file")),
        ("audit", "export", str(tmp_path / "file")),
    ):
        result = desk.run(*arguments, "--json")
        assert result.exit_code == 1, result.output
        assert "Can't write into" in json.loads(result.stdout.splitlines()[-1])["error"]
