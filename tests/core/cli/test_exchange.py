"""Import and export on the command line: formats, what is listed, what is refused."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.cli import app
from core.formats.coco import write_coco
from tests.helpers.mixed_folder import TEXTS, write_mixed_folder
from tests.helpers.tiny_folder import SIZE, TOML, write_tiny_folder

pytestmark = pytest.mark.slow


@pytest.fixture
def run(tmp_path):
    """Run a command in a home of its own."""

    def command(*words, home="home"):
        environment = {"TANDEM_HOME": str(tmp_path / home), "TANDEM_DEMOS": "", "TANDEM_THREADS": "1"}
        return CliRunner().invoke(app, [str(word) for word in words], env=environment)

    return command


def test_a_coco_file_is_imported_with_its_marks_and_its_mistakes_listed(run, tmp_path):
    write_tiny_folder(tmp_path / "data")
    toml = tmp_path / "coco.toml"
    toml.write_text(TOML + '\n[source]\nkind = "coco"\n')
    images = [{"id": n, "file_name": f"t{n:03d}.png", "width": SIZE, "height": SIZE} for n in range(4)]
    boxes = [{"image_id": n, "category_id": n % 2, "bbox": [0, 0, 3, 3 + 20 * (n == 3)]} for n in range(4)]
    categories = [{"id": 0, "name": "above"}, {"id": 1, "name": "below"}]
    write_coco(tmp_path / "data" / "annotations.json", images, categories, boxes, "tiny")
    result = run("import", toml, tmp_path / "data", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout.splitlines()[-1])
    assert (told["added"], told["verdicts"]) == (4, 3)
    assert [problem["line"] for problem in told["problems"]] == [4]
    assert "line 4, annotations, image 't003.png': it lies outside the image" in result.stderr
    again = run("import", toml, tmp_path / "data", "--json")
    assert json.loads(again.stdout.splitlines()[-1])["verdicts"] == 0


@pytest.mark.parametrize("name", ["csv", "parquet", "jsonl", "coco", "label-studio"])
def test_every_format_imports_again(run, tmp_path, name):
    toml = write_mixed_folder(tmp_path / "data")
    assert run("import", toml, tmp_path / "data").exit_code == 0
    result = run("export", "mixed", tmp_path / "out", "--format", name, "--json")
    assert result.exit_code == 0, result.output
    files = [Path(file) for file in json.loads(result.stdout.splitlines()[-1])["files"]]
    assert all(file.is_file() for file in files)
    assert files[0] == tmp_path / "out" / "workspace.toml"
    other = run("import", files[0], tmp_path / "out", "--json", home="other")
    told = json.loads(other.stdout.splitlines()[-1])
    assert (told["added"], told["problems"]) == (len(TEXTS), [])


def test_what_is_refused(run, tmp_path):
    toml = write_mixed_folder(tmp_path / "data")
    run("import", toml, tmp_path / "data")
    result = run("export", "mixed", tmp_path / "out", "--format", "xml")
    assert result.exit_code == 1
    assert "no export format 'xml'. Known: csv, parquet, jsonl, coco" in result.stderr
    assert not (tmp_path / "out").exists()
    result = run("export", "mixed", tmp_path / "data")
    assert result.exit_code == 1
    assert "cases.jsonl, which is no export" in result.stderr
