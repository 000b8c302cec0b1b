"""Label Studio's JSON in both forms; what can't be read is listed and the rest goes on."""

import json
from xml.etree import ElementTree

import numpy as np
import pytest

from core.contracts import FieldValue, WorkspaceSpec
from core.errors import ImportRefused
from core.formats.exported import Exported, ExportedCase, ExportedMark, ExportedPrediction, ExportedVerdict
from core.formats.label_studio import read_tasks
from core.formats.label_studio_writing import CONFIG, TASKS, labelling_config, write_label_studio

SPEC = WorkspaceSpec.model_validate(
    {
        "name": "mixed",
        "title": "Mixed",
        "fields": [
            {"name": "image", "kind": "image", "column": "picture", "required": False},
            {"name": "note", "kind": "text", "required": False},
            {"name": "age", "kind": "numeric", "required": False},
        ],
        "targets": [{"name": "finding", "classes": ["no", "yes"], "display": {"yes": "Seen & sure"}}],
    }
)


def read(tmp_path, content, answers=()):
    path = tmp_path / "tasks.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return read_tasks(path, frozenset(answers))


def task(*results, **annotation):
    return {"id": 7, "data": {"text": "words"}, "annotations": [{"result": list(results), **annotation}]}


def choice(label="yes", **more):
    return {"type": "choices", "from_name": "finding", "to_name": "text", "value": {"choices": [label]}, **more}


def shape(kind, **value):
    return {
        "type": kind, "from_name": "tool", "to_name": "picture", "id": "s1",
        "original_width": 10, "original_height": 10, "value": value,
    }  # fmt: skip


def test_the_full_export(tmp_path):
    found = read(tmp_path, [task(choice(), completed_by={"id": 3, "email": "a@b.c"}, updated_at="2024-01-02")])
    (item,) = found.tasks
    assert (item.number, item.id, item.data) == (1, "7", {"text": "words"})
    (annotation,) = item.annotations
    assert (annotation.actor, annotation.at, annotation.truth) == ("a@b.c", "2024-01-02", False)
    assert annotation.results[0].labels == ("yes",)
    assert found.problems == ()


def test_minimum_json_repeats_a_task_for_each_person(tmp_path):
    marks = [{"start": 0, "end": 5, "text": "words", "labels": ["ignore"]}]
    content = [
        {
            "text": "words",
            "id": 1,
            "finding": "yes",
            "words": marks,
            "annotator": 4,
            "annotation_id": 9,
            "lead_time": 2,
        },
        {"text": "words", "id": 1, "finding": {"choices": ["no"]}, "annotator": 5, "annotation_id": 10},
        {"text": "other", "id": 2, "annotator": 5},
    ]
    found = read(tmp_path, content, ["finding"])
    first, second = found.tasks
    assert first.data == {"text": "words"}
    assert [annotation.actor for annotation in first.annotations] == ["4", "5"]
    assert [annotation.results[0].labels for annotation in first.annotations] == [("yes",), ("no",)]
    assert first.annotations[0].results[1].words.end == 5
    assert second.annotations == ()


def test_cancelled_annotations_and_relations_are_passed_over(tmp_path):
    found = read(tmp_path, [task(choice(), was_cancelled=True), task({"type": "relation", "from_id": "a"}, choice())])
    assert [len(item.annotations) for item in found.tasks] == [0, 1]
    assert found.problems == ()


def test_older_exports_call_them_completions(tmp_path):
    found = read(tmp_path, [{"id": 1, "data": {"a": "b"}, "completions": [{"result": [choice()]}]}])
    assert found.tasks[0].annotations[0].results[0].labels == ("yes",)


def test_a_shape_and_its_labels_are_one_mark(tmp_path):
    box = {"x": 0, "y": 0, "width": 50, "height": 50, "rotation": 0}
    found = read(tmp_path, [task(shape("rectangle", **box), shape("labels", **box, labels=["ignore"]))])
    (result,) = found.tasks[0].annotations[0].results
    assert result.labels == ("ignore",)
    assert result.outline.draw(10, 10).sum() == 25


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (shape("rectanglelabels", x=90, y=0, width=30, height=10), "outside the image"),
        (shape("rectanglelabels", x=10, y=0, width=-3, height=10), "wanted a width and height above 0"),
        (shape("rectanglelabels", x="left", y=0, width=3, height=10), "x is 'left'; wanted a number"),
        (shape("rectanglelabels", x=True, y=0, width=3, height=10), "wanted a number"),
        (shape("ellipselabels", x=10, y=10, radiusX=0, radiusY=1), "wanted radii above 0"),
        (shape("polygonlabels", points=[[1, 2], [3, 4]]), "without three points"),
        (shape("polygonlabels", points=[[1, 2], [3, 4], [5, 900]]), "reaches from 1 to 900 percent"),
        (shape("brushlabels", format="rle", rle="AAA"), "without `rle`"),
        (shape("brushlabels", format="rle", rle=[1, 999]), "no bytes"),
        ({**shape("brushlabels", format="rle", rle=[1]), "original_width": None}, "original_width is 'None'"),
        ({**shape("brushlabels", format="rle", rle=[1]), "image_rotation": 90}, "turned image"),
        (shape("keypointlabels", x=1, y=1), "'keypointlabels' are not read"),
        (choice(value={"choices": []}), "has no choices"),
        (choice(value={"choices": ["a"], "x": 1}), "choice about a part"),
        ({"type": "labels", "value": {"start": "/div[1]", "end": 3, "labels": ["a"]}}, "start is '/div[1]'"),
        ("yes", "no object `value`"),
        ({"type": "choices", "value": None}, "no object `value`"),
    ],
)
def test_a_broken_result_is_listed_and_the_others_are_read(tmp_path, result, words):
    found = read(tmp_path, [task(result, choice())])
    (problem,) = found.problems
    assert problem.line == 1
    assert words in problem.reason
    assert [item.labels for item in found.tasks[0].annotations[0].results] == [("yes",)]


@pytest.mark.parametrize("broken", [3, None, [], {"id": 1, "data": []}, {"id": 1, "annotations": []}])
def test_a_broken_task_is_listed_and_the_others_are_read(tmp_path, broken):
    found = read(tmp_path, [broken, task(choice())])
    assert [problem.line for problem in found.problems] == [1]
    assert [item.number for item in found.tasks] == [2]


@pytest.mark.parametrize("content", ["", "{", "{}", "[]", '"x"', "[" * 100_000, "null"])
def test_what_is_no_list_of_tasks(tmp_path, content):
    with pytest.raises(ImportRefused, match=r"tasks\.json"):
        read(tmp_path, content)


def test_no_file(tmp_path):
    with pytest.raises(ImportRefused, match=r"source\.file"):
        read_tasks(tmp_path / "none.json", frozenset())


def exported(*verdicts, cases=1):
    row = {"id": "a", "picture": "images/a b.png", "note": "😀 cough", "age": None, "finding": "yes"}
    fields = (FieldValue("image", blob="0"), FieldValue("note", text="😀 cough"), FieldValue("age"))
    case = ExportedCase(
        "a", "a", "train", fields, {"image": "images/a b.png"}, {"image": (6, 4)}, {"finding": "yes"}, {}
    )
    answer = ExportedPrediction("a", "finding", "v2", {"no": 0.75, "yes": 0.25})
    return Exported(SPEC, (case,) * cases, verdicts, (answer,), tuple(row), (row,) * cases)


def test_what_label_studio_is_given(tmp_path):
    mask = np.zeros((4, 6), dtype=bool)
    mask[1, 2] = True
    brushed = ExportedMark("image", "ignore", "marker", b"png", None, (), ())
    marked = ExportedMark("note", "look_here", None, None, None, (), ((0, 1), (2, 7)))
    verdict = ExportedVerdict(
        3, "a", "finding", "ann", "yes", "override", "likely", "v2", "no <b>\n", "2024-05-01", (brushed, marked)
    )
    write_label_studio(tmp_path, exported(verdict), lambda case, mark: mask)
    (item,) = json.loads((tmp_path / TASKS).read_text("utf-8"))
    assert item["data"]["picture"] == "/data/local-files/?d=images/a%20b.png"
    assert item["data"]["age"] == ""
    (prediction,) = item["predictions"]
    assert (prediction["model_version"], prediction["score"]) == ("v2", 0.75)
    assert prediction["result"][0]["value"] == {"choices": ["no"]}
    chosen, brush, *words = item["annotations"][0]["result"]
    assert (chosen["from_name"], chosen["to_name"], chosen["value"]) == ("finding", "image", {"choices": ["yes"]})
    assert (brush["original_width"], brush["original_height"]) == (6, 4)
    assert brush["value"]["brushlabels"] == ["ignore: marker"]
    assert [part["value"]["text"] for part in words] == ["😀", "cough"]
    ids = [result["id"] for result in item["annotations"][0]["result"]]
    assert len(set(ids)) == len(ids)
    assert '"ignore: marker"' in (tmp_path / CONFIG).read_text()


def test_no_tasks_are_an_empty_list(tmp_path):
    write_label_studio(tmp_path, exported(cases=0), lambda case, mark: np.ones((1, 1), bool))
    assert json.loads((tmp_path / TASKS).read_text()) == []


def test_the_config_names_what_the_tasks_use():
    name = 'corner "patch" <x>'
    mark = ExportedMark("note", "ignore", name, None, None, (), ((0, 1),))
    verdict = ExportedVerdict(3, "a", "finding", "ann", "yes", "agree", "likely", None, "", "", (mark,))
    view = ElementTree.fromstring(labelling_config(exported(verdict)))
    shown = {item.get("name"): item.get("value") for item in view if item.tag in ("Image", "Text")}
    assert shown == {"image": "$picture", "note": "$note", "age": "$age"}
    brush = view.find("BrushLabels")
    assert (brush.get("name"), brush.get("toName")) == ("image-marks", "image")
    assert [label.get("value") for label in brush] == ["look here", "ignore", f"ignore: {name}"]
    choices = {item.get("name"): item for item in view.findall("Choices")}
    assert {item.get("toName") for item in choices.values()} <= set(shown)
    answers = [item.get("alias") or item.get("value") for item in choices["finding"]]
    assert answers == ["no", "yes", "unsure"]
    assert [item.get("value") for item in choices["fields-to-ignore"]] == ["age"]
