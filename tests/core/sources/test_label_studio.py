"""A Label Studio export becomes cases, verdicts and marks; another task's file is refused; our own comes back whole."""

import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.contracts import FieldValue, WorkspaceSpec
from core.errors import ImportRefused
from core.formats.exported import Exported, ExportedCase, ExportedMark, ExportedVerdict
from core.formats.label_studio_masks import brush_rle
from core.formats.label_studio_results import Words
from core.formats.label_studio_writing import write_label_studio
from core.media import decode_mask, encode_mask, encode_png
from core.sources import source_of
from core.sources.cells import CellError
from core.sources.label_studio_answers import code_points
from tests.helpers.source_parts import Listener, MemoryBlobs

SPEC = {
    "name": "mixed",
    "title": "Mixed",
    "source": {"kind": "label-studio"},
    "fields": [
        {"name": "image", "kind": "image", "required": False},
        {"name": "note", "kind": "text", "column": "text", "required": False},
        {"name": "age", "kind": "numeric", "required": False},
    ],
    "targets": [{"name": "finding", "classes": ["no", "yes"]}],
    "encoder": {"name": "mlp"},
}
WIDTH, HEIGHT = 6, 4


def mixed(**changes):
    return WorkspaceSpec.model_validate({**SPEC, **changes})


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "images").mkdir()
    for name in ("a", "b"):
        (tmp_path / "images" / f"{name}.png").write_bytes(encode_png(np.full((HEIGHT, WIDTH), ord(name), np.uint8)))
    return tmp_path


def read(folder, tasks, **changes):
    (folder / "tasks.json").write_text(json.dumps(tasks), encoding="utf-8")
    return source_of(mixed(**changes), folder).read(mixed(**changes), MemoryBlobs(), Listener())


def task(*results, data=None, **annotation):
    return {
        "id": 7,
        "data": {"image": "images/a.png", **(data or {})},
        "annotations": [annotation | {"result": list(results)}],
    }


def choice(label="yes", control="finding"):
    return {"type": "choices", "from_name": control, "to_name": "picture", "value": {"choices": [label]}}


def drawn(kind, value, labels=("ignore: marker",), size=(WIDTH, HEIGHT)):
    return {
        "type": kind, "from_name": "tool", "to_name": "picture", "original_width": size[0], "original_height": size[1],
        "value": {**value, kind: list(labels)},
    }  # fmt: skip


def words(start, end, text, label="look"):
    value = {"start": start, "end": end, "text": text, "labels": [label]}
    return {"type": "labels", "from_name": "ner", "to_name": "txt", "value": value}


def reasons(result):
    return [(problem.line, problem.reason) for problem in result.problems]


def test_a_task_becomes_a_case_a_verdict_and_marks(folder):
    mask = np.zeros((HEIGHT, WIDTH), dtype=bool)
    mask[1:3, 2:5] = True
    brush = drawn("brushlabels", {"format": "rle", "rle": brush_rle(mask)})
    box = drawn("rectanglelabels", {"x": 0, "y": 0, "width": 50, "height": 50}, ("Lesion",))
    comment = {"type": "textarea", "from_name": "why", "to_name": "picture", "value": {"text": ["line one", "two"]}}
    data = {"text": "a dry cough", "age": 61}
    result = read(
        folder, [task(choice(), brush, box, words(2, 5, "dry"), comment, data=data, completed_by=4, created_at="2024")]
    )
    assert result.problems == ()
    (case,) = result.cases
    assert (case.name, case.labels) == ("a", {"finding": "yes"})
    assert case.fields[1:] == (FieldValue("note", text="a dry cough"), FieldValue("age", number=61.0))
    (verdict,) = result.verdicts
    assert (verdict.case, verdict.target, verdict.label, verdict.actor) == ("a", "finding", "yes", "label-studio:4")
    assert (verdict.comment, verdict.at) == ("line one\ntwo", "2024")
    ignored, looked, marked = result.regions
    assert (ignored.kind, ignored.artefact, looked.kind, looked.artefact) == ("ignore", "marker", "look_here", None)
    assert (decode_mask(ignored.mask, WIDTH, HEIGHT, "m") == mask).all()
    expected = np.zeros((HEIGHT, WIDTH), dtype=bool)
    expected[:2, :3] = True
    assert (decode_mask(looked.mask, WIDTH, HEIGHT, "m") == expected).all()
    assert (marked.field, marked.spans) == ("note", ((2, 5),))
    assert {region.actor for region in result.regions} == {"label-studio:4"}
    assert {region.target for region in result.regions} == {"finding"}


@pytest.mark.parametrize(
    ("label", "kind", "artefact"),
    [
        ("ignore", "ignore", None),
        ("Ignore: side marker", "ignore", "side marker"),
        ("IGNORE :x", "ignore", "x"),
        ("ignored", "look_here", None),
        ("Lesion: left", "look_here", None),
    ],
)
def test_the_label_says_the_kind_of_mark(folder, label, kind, artefact):
    box = drawn("rectanglelabels", {"x": 0, "y": 0, "width": 50, "height": 50}, (label,))
    (region,) = read(folder, [task(choice(), box)]).regions
    assert (region.kind, region.artefact) == (kind, artefact)


@pytest.mark.parametrize(
    "given",
    [
        "images/a.png",
        "a.png",
        "/data/upload/12/a.png",
        "/data/local-files/?d=images/a.png",
        "/data/local-files/?d=data%2Fpictures%2Fa.png",
        "https://label.example/data/upload/1/a.png?token=x",
        "s3://bucket/folder/a.png",
        "../elsewhere/a.png",
    ],
)
def test_pictures_are_found_in_the_folder_and_nowhere_else(folder, given):
    (case,) = read(folder, [task(choice(), data={"image": given})]).cases
    assert case.fields[0].blob is not None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("http://169.254.169.254/latest/secret.png", "nothing is fetched; put 'secret.png' into the folder"),
        ("file:///etc/hostname", "nothing is fetched"),
        ("data:image/png;base64,AAAA", "nothing is fetched"),
        ("/etc/hostname", "outside the folder"),
        ("../../etc/hostname", "outside the folder"),
        ("/data/local-files/?d=../../../../etc/hostname", "no file in the folder"),
        ("c.png", "is no file in the folder"),
        ("d.png", "lies in the folder 2 times"),
        (["images/a.png"], "holds a list"),
    ],
)
def test_pictures_that_are_not_there_are_listed_and_the_rest_goes_on(folder, given, words):
    for place in ("x", "y"):
        (folder / place).mkdir()
        (folder / place / "d.png").write_bytes(b"")
    bad = {**task(choice(), data={"image": given}), "id": 1}
    result = read(folder, [bad, task(choice(), data={"image": "images/b.png"})])
    assert [case.name for case in result.cases] == ["b"]
    ((line, reason),) = reasons(result)
    assert line == 1
    assert words in reason


def test_a_file_of_another_task_is_refused(folder):
    with pytest.raises(
        ImportRefused, match=r"another task: its data have audio, speaker; 'mixed' reads age, image, text"
    ):
        read(folder, [{"id": 1, "data": {"audio": "a.wav", "speaker": 2}, "annotations": []}])
    with pytest.raises(ImportRefused, match=r"its choices are breed \(cat\), breed \(dog\); .* finding \(no, yes\)"):
        read(folder, [task(choice("cat", "breed")), task(choice("dog", "breed"))])


def test_another_name_of_the_control_and_one_unknown_choice(folder):
    tasks = [task(choice("yes", "sentiment")), {**task(choice("cat"), data={"image": "b.png"}), "id": 8}]
    result = read(folder, tasks)
    assert [verdict.label for verdict in result.verdicts] == ["yes"]
    assert [case.labels for case in result.cases] == [{"finding": "yes"}, {}]
    ((line, reason),) = reasons(result)
    assert line == 2
    assert "choice 'cat' is none of the known (finding: no, yes)" in reason


def test_people_who_differ_leave_the_case_without_a_label_of_the_data_set(folder):
    both = task(choice("yes"), completed_by=1)
    both["annotations"] += task(choice("no"), completed_by=2)["annotations"]
    result = read(folder, [both])
    assert result.cases[0].labels == {}
    assert [(verdict.actor, verdict.label) for verdict in result.verdicts] == [
        ("label-studio:1", "yes"),
        ("label-studio:2", "no"),
    ]
    both["annotations"][1]["ground_truth"] = True
    assert read(folder, [both]).cases[0].labels == {"finding": "no"}


def test_the_later_annotation_of_a_person_counts(folder):
    box = drawn("rectanglelabels", {"x": 0, "y": 0, "width": 50, "height": 50})
    twice = task(choice("yes"), box, completed_by=1, created_at="2024-02-02")
    twice["annotations"] += task(choice("no"), completed_by=1, created_at="2024-01-01")["annotations"]
    result = read(folder, [twice])
    assert [verdict.label for verdict in result.verdicts] == ["yes"]
    assert len(result.regions) == 1


def test_unsure_is_a_verdict_and_no_label(folder):
    result = read(folder, [task(choice("unsure"))])
    assert result.cases[0].labels == {}
    assert [(verdict.label, verdict.stance) for verdict in result.verdicts] == [("unsure", "unsure")]


@pytest.mark.parametrize(
    ("result", "words_of_reason"),
    [
        (drawn("rectanglelabels", {"x": 0, "y": 0, "width": 9, "height": 9}, size=(60, 40)), "drawn on 60 x 40 pixels"),
        (drawn("brushlabels", {"format": "rle", "rle": [0, 0, 0, 8]}), "ends early"),
        (drawn("brushlabels", {"format": "rle", "rle": brush_rle(np.zeros((HEIGHT, WIDTH), bool))}), "marks nothing"),
        (drawn("brushlabels", {"format": "rle", "rle": brush_rle(np.ones((2, 2), bool))}), "the brush has 16 values"),
        (words(3, 9, "cough"), "is not 'cough'"),
        ({**words(0, 900, None), "id": "x"}, "lies outside the text"),
    ],
)
def test_a_mark_that_does_not_fit_is_listed_and_the_verdict_stays(folder, result, words_of_reason):
    found = read(folder, [task(result, choice(), data={"text": "a dry cough"})])
    assert [verdict.label for verdict in found.verdicts] == ["yes"]
    assert found.regions == ()
    ((line, reason),) = reasons(found)
    assert line == 1
    assert words_of_reason in reason


@pytest.mark.parametrize(
    "own",
    [
        {"mark": [1], "target": {}},
        {"target": "other"},
        {"actor": "a\0b"},
        {"stance": "sure"},
        {"kind": 3},
        [],
        "x",
        None,
    ],
)
def test_what_our_export_added_may_be_damaged(folder, own):
    box = drawn("rectanglelabels", {"x": 0, "y": 0, "width": 50, "height": 50}) | {"meta": {"tandem": own}}
    said = choice() | {"meta": {"tandem": own, "text": [None, 3]}}
    result = read(folder, [task(said, box), task(choice("no"), data={"image": "b.png"})])
    assert [case.name for case in result.cases] == ["a", "b"]
    assert {verdict.case for verdict in result.verdicts} >= {"b"}
    assert all(problem.line == 1 for problem in result.problems)


@pytest.mark.parametrize("name", ["1" * 5000, "http://[", "a\0.png", "/data/upload/", "?", "..", "s3:"])
def test_names_that_no_file_has(folder, name):
    result = read(folder, [task(choice(), data={"image": name}), task(choice("no"), data={"image": "b.png"})])
    assert [case.name for case in result.cases] == ["b"]
    assert [problem.line for problem in result.problems] == [1]


def test_offsets_of_emoji_in_both_ways_of_counting():
    text = "😀😀 dry 😀 cough"
    for start, end in ((3, 6), (5, 8)):
        assert code_points(text, Words(start, end, "dry")) == (3, 6)
    assert code_points(text, Words(7, 11, "😀 co")) == (7, 11)
    assert code_points(text, Words(9, 14, "😀 co")) == (7, 11)
    with pytest.raises(CellError):
        code_points(text, Words(0, 3, "dry"))


def test_minimum_json(folder):
    box = {"x": 0, "y": 0, "width": 50, "height": 50, "rectanglelabels": ["ignore"], "original_width": WIDTH,
           "original_height": HEIGHT}  # fmt: skip
    rows = [
        {"image": "/data/upload/1/a.png", "text": "dry", "id": 5, "finding": "yes", "tool": [box], "annotator": 3},
        {"image": "/data/upload/1/b.png", "text": "wet", "id": 6, "annotator": 3},
    ]
    result = read(folder, rows)
    assert result.problems == ()
    assert [(case.name, dict(case.labels)) for case in result.cases] == [("a", {"finding": "yes"}), ("b", {})]
    assert [(verdict.case, verdict.actor) for verdict in result.verdicts] == [("a", "label-studio:3")]
    assert result.regions[0].kind == "ignore"


def test_tasks_without_pictures_have_the_number_of_the_task_as_id(folder):
    result = read(folder, [{"id": 31, "data": {"text": "dry"}, "annotations": []}])
    assert result.cases[0].name == "task 31"


def test_the_same_picture_twice_is_listed(folder):
    result = read(folder, [task(choice()), {**task(choice("no")), "id": 8}])
    assert len(result.cases) == 1
    assert "'a' is the id of line 1 already" in reasons(result)[0][1]


def test_predictions_are_not_taken_for_what_people_said(folder):
    item = task(choice()) | {"predictions": [{"result": [choice("no")], "model_version": "x"}]}
    result = read(folder, [item])
    assert [verdict.label for verdict in result.verdicts] == ["yes"]
    assert "1 predictions" in result.notes[0]


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30).filter(str.strip)


@settings(max_examples=40, deadline=None)
@given(text=TEXTS, comment=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20), data=st.data())
def test_our_own_export_comes_back_whole(tmp_path_factory, text, comment, data):
    folder = tmp_path_factory.mktemp("export")
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    mask = rng.random((HEIGHT, WIDTH)) < 0.4
    mask[0, 0] = True
    start = data.draw(st.integers(0, len(text) - 1))
    spans = ((start, start + 1), *(((start + 1, len(text)),) if start + 1 < len(text) else ()))
    buffer = io.BytesIO()
    Image.fromarray(rng.integers(0, 255, (HEIGHT, WIDTH), np.uint8)).save(buffer, "PNG")
    (folder / "images").mkdir()
    (folder / "images" / "one & two.png").write_bytes(buffer.getvalue())
    marks = (
        ExportedMark("image", "ignore", "side: marker", encode_mask(mask), None, (), ()),
        ExportedMark("note", "look_here", None, None, None, (), spans),
        ExportedMark("age", "ignore", "leak", None, None, ("age",), ()),
        ExportedMark("image", "look_here", None, encode_mask(~mask | mask), None, (), ()),
    )
    fields = (FieldValue("image", blob="0"), FieldValue("note", text=text), FieldValue("age", number=0.1 + 0.2))
    row = {"id": "case 1/ä", "split": "ledger", "image": "images/one & two.png", "text": text, "age": 0.1 + 0.2,
           "finding": "no"}  # fmt: skip
    case = ExportedCase("case 1/ä", "case 1/ä", "ledger", fields, {"image": "images/one & two.png"},
                        {"image": (WIDTH, HEIGHT)}, {"finding": "no"}, {})  # fmt: skip
    said = [
        ExportedVerdict(
            1, case.name, "finding", "ann", "yes", "override", "likely", "v2", comment, "2024-05-01", marks
        ),
        ExportedVerdict(2, case.name, "finding", "service:x", "unsure", "unsure", "guess", None, "", "2024-05-02", ()),
    ]
    whole = Exported(mixed(), (case,), tuple(said), (), tuple(row), (row,))
    write_label_studio(folder, whole, lambda case, mark: decode_mask(mark.mask, WIDTH, HEIGHT, "m"))
    spec = mixed(source={"kind": "label-studio", "file": "tasks.json", "split": "split"})
    blobs = MemoryBlobs()
    result = source_of(spec, folder).read(spec, blobs, Listener())
    assert result.problems == ()
    (back,) = result.cases
    assert (back.name, back.split, back.labels) == (case.name, "ledger", {"finding": "no"})
    assert blobs.items[back.fields[0].blob] == buffer.getvalue()
    assert back.fields[1:] == fields[1:]
    assert [(v.actor, v.label, v.stance, v.confidence, v.version, v.comment, v.at) for v in result.verdicts] == [
        (v.actor, v.label, v.stance, v.confidence, v.version, v.comment, v.at) for v in said
    ]
    assert [(r.field, r.kind, r.artefact, r.mask, r.names, r.spans, r.actor, r.target) for r in result.regions] == [
        (m.field, m.kind, m.artefact, m.mask, m.names, m.spans, "ann", "finding") for m in marks
    ]
