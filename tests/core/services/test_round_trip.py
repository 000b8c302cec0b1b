"""Exported and imported again: the same cases, splits, labels, hashes, masks and predictions."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from core.contracts import Actor, MarkForm, VerdictForm
from core.errors import BadInput
from core.media import encode_mask
from core.services.exporting import FORMATS
from core.storage import cases, labels, reads, verdicts, workspaces
from tests.helpers.mixed_folder import TEXTS, write_mixed_folder
from tests.helpers.tiny_product import corner_mark, names_of, open_home, truth, verdict

pytestmark = pytest.mark.slow

HAVE_TIMES = ("workspace.toml", "verdicts.csv", "reads.csv", "tasks.json")
"""Files that say when something was stored, which is another time in another home."""
LEAD = Actor("+lead@ward", "person", "Lead")


def state(container, name):
    """Everything of a workspace that an export has to keep."""
    with container.runtime.database.read() as tx:
        found = workspaces.get(tx, name)
        spec = container.runtime.spec(found)
        stored = cases.list_cases(tx, found.id)
        names = {case.id: case.name for case in stored}
        given = [
            (names[v.case_id], v.target, v.actor_id, v.label, v.stance, v.confidence, v.comment,
             tuple(region.mark for region in v.regions))
            for v in verdicts.standing(tx, found.id)
        ]  # fmt: skip
        targets = [target.name for target in spec.targets]
        return {
            "cases": [(c.name, c.group, c.split, c.fields, dict(c.attributes), c.content_hash) for c in stored],
            "labels": {t: {names[i]: text for i, text in labels.of_data_set(tx, found.id, t).items()} for t in targets},
            "references": {
                t: {names[i]: (r.label, r.source) for i, r in labels.references(tx, found.id, t).items()}
                for t in targets
            },
            "verdicts": given,
            "reads": [
                (names[r.case_id], r.target, r.actor_id, r.label, r.confidence, r.seconds)
                for r in reads.of_workspace(tx, found.id)
            ],
        }


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """The mixed workspace, judged by two people, with marks of every kind."""
    folder = tmp_path_factory.mktemp("mixed")
    toml = write_mixed_folder(folder / "data")
    container = open_home(folder / "home")
    report = container.importing.import_folder(toml, toml.parent, actor=container.default_actor)
    assert (report.added, report.problems) == (len(TEXTS), ())
    mask = np.zeros((15, 12), dtype=bool)
    mask[2:5, 3:9] = True
    marks = (
        MarkForm("image", "ignore", '=corner, "x"', encode_mask(mask)),
        MarkForm("image", "look_here", None, encode_mask(~mask)),
        MarkForm("age", "ignore", "leak", names=("age",)),
        MarkForm("note", "look_here", spans=((0, 1), (2, 4))),
    )
    comment = "=comment\nwith 'lines'"
    forms = [
        VerdictForm("mixed", "C7", "finding", "no", "likely", None, comment, marks),
        VerdictForm("mixed", "C7", "view", "unsure", "guess", None, "", marks[:2]),
        VerdictForm("mixed", "C8", "finding", "yes", "certain", None),
    ]
    container.review.commit_read("mixed", "C7", "finding", "yes", "guess", actor=LEAD, seconds=2.5)
    container.review.commit_read("mixed", "C9", "view", "unsure", "likely", actor=container.default_actor)
    for actor, form in zip((LEAD, LEAD, container.default_actor), forms, strict=True):
        container.review.save_verdict(form, actor=actor)
    yield container
    container.close()


@pytest.mark.parametrize("name", FORMATS)
def test_every_kind_of_field_and_mark_comes_back(mixed, tmp_path, name):
    mixed.exporting.export("mixed", tmp_path / "out", name)
    other = open_home(tmp_path / "home")
    report = other.importing.import_folder(
        tmp_path / "out" / "workspace.toml", tmp_path / "out", actor=other.default_actor
    )
    assert report.problems == ()
    assert report.verdicts == 3
    kept = state(mixed, "mixed")
    assert state(other, "mixed") == kept
    assert other.audit.verify().ok
    kinds = [row.kind for row in other.audit.events(limit=50)]
    assert (kinds.count("import verdict"), kinds.count("import read")) == (3, len(kept["reads"]))
    other.exporting.export("mixed", tmp_path / "again", name)
    for path in sorted((tmp_path / "out").rglob("*")):
        if path.is_file() and path.name not in HAVE_TIMES:
            assert (tmp_path / "again" / path.relative_to(tmp_path / "out")).read_bytes() == path.read_bytes(), path
    other.close()


def test_importing_an_export_into_the_same_home_changes_nothing(mixed, tmp_path):
    before = state(mixed, "mixed")
    mixed.exporting.export("mixed", tmp_path, "parquet")
    report = mixed.importing.import_folder(tmp_path / "workspace.toml", tmp_path, actor=mixed.default_actor)
    assert (report.added, report.unchanged, report.conflicts, report.verdicts) == (0, len(TEXTS), (), 0)
    assert state(mixed, "mixed") == before


def test_the_workspace_file_keeps_its_comments(mixed, tmp_path):
    mixed.exporting.export("mixed", tmp_path)
    text = (tmp_path / "workspace.toml").read_text("utf-8")
    assert "# A workspace of every kind of field; comments stay." in text
    assert "# The last words of the file." in text
    assert 'split = "split_2"' in text


def test_images_are_the_original_bytes_under_plain_names(mixed, tmp_path):
    mixed.exporting.export("mixed", tmp_path)
    stored = {path.read_bytes() for path in (tmp_path / "images").iterdir()}
    with mixed.runtime.database.read() as tx:
        found = cases.list_cases(tx, workspaces.get(tx, "mixed").id)
    assert stored == {mixed.runtime.blobs.get(v.blob) for case in found for v in case.fields if v.blob}
    assert all(path.name.isascii() and " " not in path.name for path in (tmp_path / "images").iterdir())


def test_no_cell_of_any_table_would_be_run(mixed, tmp_path):
    mixed.exporting.export("mixed", tmp_path)
    for path in tmp_path.glob("*.csv"):
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.reader(file):
                assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row), path


def test_coco_is_read_by_pycocotools(mixed, tmp_path, capsys):
    from pycocotools.coco import COCO

    mixed.exporting.export("mixed", tmp_path, "coco")
    coco = COCO(str(tmp_path / "annotations.json"))
    capsys.readouterr()
    image = next(item for item in coco.dataset["images"] if item["attributes"]["id"] == "C7")
    with Image.open(tmp_path / image["file_name"]) as opened:
        assert opened.size == (image["width"], image["height"])
    shapes = [item for item in coco.dataset["annotations"] if "segmentation" in item]
    assert [item["area"] for item in shapes] == [18, 15 * 12 - 18] * 2
    names = {item["id"]: item["name"] for item in coco.dataset["categories"]}
    assert {names[item["category_id"]] for item in shapes} == {'ignore: =corner, "x"', "no", "unsure"}


@pytest.mark.parametrize("file_format", ["csv", "coco"])
def test_the_same_training_gives_the_same_predictions(product, tmp_path, file_format):
    """Bit for bit; the verdict is on a ledger case, so the champion is trained on the same cases again."""
    name = names_of(product, "ledger")[0]
    verdict(product, name, marks=(corner_mark(),))
    product.exporting.export("tiny", tmp_path / "out", file_format)
    other = open_home(tmp_path / "other")
    report = other.importing.import_folder(
        tmp_path / "out" / "workspace.toml", tmp_path / "out", actor=other.default_actor
    )
    other.jobs.wait(report.job_id or 0)
    assert state(other, "tiny") == state(product, "tiny")
    other.exporting.export("tiny", tmp_path / "again", file_format)
    for table in ("predictions.csv", "regions.csv", "labels.csv"):
        assert (tmp_path / "again" / table).read_bytes() == (tmp_path / "out" / table).read_bytes()
    with (tmp_path / "out" / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    answer = product.predictions.predict("tiny", name).target("side")
    told = {row["class"]: float(row["probability"]) for row in rows if row["case"] == name}
    assert told == pytest.approx(dict(zip(answer.classes, answer.probabilities, strict=True)))
    assert truth(name) in told
    other.close()


def test_an_erased_case_stays_away(product, tmp_path):
    name = names_of(product, "pool")[0]
    verdict(product, name, comment="Mrs Smith", marks=(corner_mark(),))
    product.maintenance.erase("tiny", name, "consent withdrawn", actor=product.default_actor)
    product.exporting.export("tiny", tmp_path)
    with (tmp_path / "cases.csv").open(newline="") as file:
        assert name not in {row["id"] for row in csv.DictReader(file)}
    assert not any("Smith" in path.read_text("utf-8") for path in tmp_path.glob("*.csv"))
    assert not list(tmp_path.glob("masks/*"))


def test_jsonl_keeps_numbers_as_numbers(mixed, tmp_path):
    mixed.exporting.export("mixed", tmp_path, "jsonl")
    rows = [json.loads(line) for line in (tmp_path / "cases.jsonl").read_text("utf-8").splitlines() if line[:1] == "{"]
    assert {type(row["age"]) for row in rows} <= {float, type(None)}


def test_a_folder_with_other_cases_is_not_overwritten(mixed, tmp_path):
    (tmp_path / "cases.csv").write_text("the only copy")
    with pytest.raises(BadInput, match=r"holds cases\.csv, which is no export"):
        mixed.exporting.export("mixed", tmp_path, "jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["cases.csv"]
