"""DICOM files and a Label Studio project become a workspace on the command line, and go back."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from core.cli import app
from core.contracts import MarkForm, VerdictForm
from core.formats.label_studio_masks import brush_mask, brush_rle
from core.media import encode_mask
from core.services.container import build_container
from core.settings import load_settings
from tests.helpers.dicom_files import packaged, write_patient
from tests.helpers.tiny_folder import SIZE, TOML, write_tiny_folder

PATIENTS = 60
WARD = """
name = "ward"
title = "Ward"

[source]
kind = "dicom"
file = "list.csv"

[[fields]]
name = "image"
kind = "image"
size = 8

[[fields]]
name = "age"
kind = "numeric"
column = "PatientAge"
unit = "years"
required = false

[[targets]]
name = "finding"
classes = ["no", "yes"]

[[attributes]]
name = "sex"
column = "PatientSex"
sensitive = true

[split]
group = "PatientID"
train = 0.4
validation = 0.2
calibration = 0.2
ledger = 0.2
pool = 0.2

[encoder]
name = "mlp"
hidden = [4]

[training]
epochs = 2
"""


class Desk:
    """The command line on a home."""

    def __init__(self, home: Path) -> None:
        self.environment = {"TANDEM_HOME": str(home), "TANDEM_THREADS": "1", "TANDEM_ACTOR": "ada", "TANDEM_DEMOS": ""}

    def run(self, *arguments: object):
        return CliRunner(env=self.environment).invoke(app, [str(argument) for argument in arguments])

    def json(self, *arguments: object) -> dict:
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout.splitlines()[-1])

    def container(self):
        return build_container(load_settings(self.environment))


@pytest.fixture
def ward(tmp_path):
    """Sixty pictures of thirty patients with their list, and the workspace file."""
    rows = [("file", "finding")]
    for number in range(PATIENTS):
        write_patient(tmp_path / "disc" / f"{number}.dcm", number)
        rows.append((f"disc/{number}.dcm", ("no", "yes")[number // 2 % 2]))
    (tmp_path / "disc" / "film.dcm").write_bytes(packaged("examples_ybr_color.dcm"))
    rows.append(("disc/film.dcm", "no"))
    with (tmp_path / "list.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    (tmp_path / "ward.toml").write_text(WARD)
    return tmp_path


@pytest.mark.slow
def test_dicom_files_become_cases_that_nobody_can_be_known_by(ward, tmp_path):
    desk = Desk(tmp_path / "home")
    result = desk.run("import", ward / "ward.toml", ward, "--wait", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout.splitlines()[-1])
    assert (told["added"], told["version"]) == (PATIENTS, "v1")
    assert [problem["line"] for problem in told["problems"]] == [PATIENTS + 2]
    assert "30 frames" in told["problems"][0]["reason"]
    assert "PatientName" in told["notes"][0]
    assert "PatientName" in result.stderr
    container = desk.container()
    case = container.review.worklist("ward", actor=container.default_actor).rows[0].case
    container.close()
    assert set(desk.json("predict", "ward", case)["targets"]["finding"]["probabilities"]) == {"no", "yes"}
    kept = b"".join(path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file())
    for name in (b"Doe", b"Jane", b"19610203", b"A-77", b"1.2.826", b"disc/"):
        assert name not in kept, name
    assert desk.json("import", ward / "ward.toml", ward)["unchanged"] == PATIENTS
    desk.json("export", "ward", tmp_path / "out")
    other = Desk(tmp_path / "other")
    assert other.json("import", tmp_path / "out" / "workspace.toml", tmp_path / "out")["added"] == PATIENTS
    other.json("export", "ward", tmp_path / "again")
    assert (tmp_path / "again" / "cases.csv").read_bytes() == (tmp_path / "out" / "cases.csv").read_bytes()


def tasks_of(folder: Path) -> list[dict]:
    """The tiny folder as another team labelled it in Label Studio, with one brush."""
    mask = np.zeros((SIZE, SIZE), dtype=bool)
    mask[:3, :3] = True
    tasks = []
    with (folder / "cases.csv").open(newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=1):
            said = [{"type": "choices", "from_name": "where", "to_name": "img", "value": {"choices": [row["side"]]}}]
            if number == 1:
                value = {"format": "rle", "rle": brush_rle(mask), "brushlabels": ["ignore: corner"]}
                said.append(
                    {"type": "brushlabels", "from_name": "tag", "to_name": "img", "original_width": SIZE,
                     "original_height": SIZE, "value": value}
                )  # fmt: skip
            data = {"image": f"/data/upload/3/{row['image']}"}
            tasks.append({"id": number, "data": data, "annotations": [{"completed_by": 9, "result": said}]})
    return tasks


@pytest.mark.slow
def test_a_label_studio_project_and_back(tmp_path):
    toml = write_tiny_folder(tmp_path / "data")
    tasks = tasks_of(tmp_path / "data")
    (tmp_path / "data" / "tasks.json").write_text(json.dumps(tasks))
    toml.write_text(TOML.replace("[[fields]]", '[source]\nkind = "label-studio"\n\n[[fields]]', 1))
    desk = Desk(tmp_path / "home")
    told = desk.json("import", toml, toml.parent, "--wait")
    assert (told["added"], told["version"], told["problems"]) == (len(tasks), "v1", [])
    container = desk.container()
    mask = np.zeros((SIZE, SIZE), dtype=bool)
    mask[5:, 7] = True
    mark = MarkForm("image", "look_here", None, encode_mask(mask))
    form = VerdictForm("tiny", "t007", "side", "above", "likely", None, "why <b>not</b>?", (mark,))
    container.review.save_verdict(form, actor=container.default_actor)
    container.close()
    desk.json("export", "tiny", tmp_path / "out", "--format", "label-studio")
    written = {item["data"]["id"]: item for item in json.loads((tmp_path / "out" / "tasks.json").read_text())}
    assert len(written) == len(tasks)
    waiting = [item for item in written.values() if item["data"]["split"] in ("pool", "ledger")]
    assert waiting
    assert {item["predictions"][0]["model_version"] for item in waiting} == {"v1"}
    brush = next(r for r in written["t000"]["annotations"][0]["result"] if r["type"] == "brushlabels")
    assert brush["value"]["brushlabels"] == ["ignore: corner"]
    assert brush_mask(brush["value"]["rle"], SIZE, SIZE).sum() == 9
    mine = written["t007"]["annotations"][-1]["result"]
    assert mine[0]["meta"]["text"] == ["why <b>not</b>?"]
    assert (brush_mask(mine[1]["value"]["rle"], SIZE, SIZE) == mask).all()
    assert (tmp_path / "out" / "labelling.xml").is_file()

    other = Desk(tmp_path / "other")
    again = other.json("import", tmp_path / "out" / "workspace.toml", tmp_path / "out", "--wait")
    assert (again["added"], again["problems"]) == (len(tasks), [])
    other.json("export", "tiny", tmp_path / "second", "--format", "label-studio")
    assert without_times(tmp_path / "second" / "tasks.json") == without_times(tmp_path / "out" / "tasks.json")


def without_times(path: Path) -> list[dict]:
    """Tasks without when a verdict was stored and its number, and without the version that it was given on."""
    tasks = json.loads(path.read_text())
    for task in tasks:
        for annotation in task["annotations"]:
            annotation.pop("created_at")
            for result in annotation["result"]:
                result.pop("id")
                result["meta"]["tandem"] = {
                    key: value for key, value in result["meta"]["tandem"].items() if key not in ("at", "version")
                }
    return tasks
