"""Parquet, JSON lines, folders of images and COCO: what can be used becomes cases, the rest is listed."""

import json

import numpy as np
import pandas as pd
import pytest

from core.contracts import FieldValue
from core.errors import ImportRefused, WorkspaceFileError
from core.media import encode_png
from core.sources import parse_workspace, source_of
from tests.helpers.source_parts import Listener, MemoryBlobs, small_spec

MIXED = [
    {"name": "image", "kind": "image", "required": False},
    {"name": "dose", "kind": "numeric", "minimum": 0, "maximum": 10, "unit": "mg", "required": False},
    {"name": "ward", "kind": "categorical", "categories": ["north", "south"], "required": False},
    {"name": "note", "kind": "text", "required": False},
]


def picture(shade=7, height=4, width=6):
    return encode_png(np.full((height, width), shade, np.uint8))


def spec_of(kind, fields=None, **changes):
    changes = {"attributes": [], "split": {}, **changes}
    source = {"kind": kind, **changes.pop("source", {})}
    return small_spec(source=source, fields=fields or [{"name": "image", "kind": "image"}], **changes)


def read(folder, spec):
    blobs = MemoryBlobs()
    return source_of(spec, folder).read(spec, blobs, Listener()), blobs


def write_lines(folder, *rows):
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    (folder / "cases.jsonl").write_text("\n".join(lines), encoding="utf-8")


def reasons(result):
    return {problem.line: (problem.column, problem.reason) for problem in result.problems}


def test_cells_of_any_type(tmp_path):
    write_lines(
        tmp_path,
        {"id": 1, "finding": "yes", "dose": 2, "ward": "north", "note": 5.0},
        "",
        {"id": "b", "finding": None, "dose": "2.5", "ward": "", "note": None},
        {"id": "c", "finding": "no", "note": " kept "},
    )
    result, _ = read(tmp_path, spec_of("jsonl", MIXED))
    assert result.problems == ()
    assert [case.name for case in result.cases] == ["1", "b", "c"]
    assert result.cases[0].fields[1:] == (
        FieldValue("dose", number=2.0),
        FieldValue("ward", text="north"),
        FieldValue("note", text="5"),
    )
    assert result.cases[1].fields[1:] == (FieldValue("dose", number=2.5), FieldValue("ward"), FieldValue("note"))
    assert [case.labels for case in result.cases] == [{"finding": "yes"}, {}, {"finding": "no"}]


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ('{"id": "x", ', "", "is no JSON object: "),
        ("[1, 2]", "", "is no JSON object but list"),
        ("[" * 100_000, "", "its nesting is too large"),
        ({"id": "x", "dose": True}, "dose", "is true; wanted a number"),
        ('{"id": "x", "dose": NaN}', "dose", "'nan' is no number"),
        ('{"id": "x", "dose": 1e999}', "dose", "'inf' is no number"),
        ({"id": "x", "dose": "1_0"}, "dose", "'1_0' is no number"),
        ({"id": "x", "dose": 11}, "dose", "11 is out of range; wanted at least 0 and at most 10 mg"),
        ({"id": "x", "dose": -0.5}, "dose", "-0.5 is out of range"),
        ({"id": "x", "dose": [1]}, "dose", "holds a list"),
        ({"id": "x", "ward": "noth"}, "ward", "'noth' is no category of ward, did you mean 'north'?"),
        ({"id": "x", "ward": "west wing"}, "ward", "known: north, south"),
        ({"id": "x", "note": {"a": 1}}, "note", "holds an object"),
        ({"id": "x", "note": "x" * 100_001}, "note", "has 100,001 characters; at most 100,000"),
        ({"id": "x", "note": "x" * 200_000}, "note", "has 200,000 characters"),
        ({"id": "x", "note": "a\0b"}, "note", "NUL"),
        ('{"id": "x", "note": "\\ud800"}', "note", "half a surrogate pair"),
        ({"id": "x", "finding": "yess", "note": "a"}, "finding", "'yess' is no class of target finding, did you mean"),
        ({"id": "x"}, "image", "no field has a value; wanted at least one of image, dose, ward, note"),
        ({"id": "x", "note": "  "}, "image", "no field has a value"),
        ({"id": "", "note": "a"}, "id", "is empty"),
        ({"id": "a\nb", "note": "a"}, "id", "printable"),
        ({"id": "good", "note": "a"}, "id", "'good' is the id of line 1 already"),
        ({"id": "x", "image": "gone.png"}, "image", "is no file in the folder"),
        ({"id": "x", "image": "../x.png"}, "image", "lies outside the folder"),
    ],
)
def test_a_line_that_cannot_be_used_is_listed_and_the_rest_read(tmp_path, row, column, words):
    good = {"id": "good", "note": "a", "finding": "no", "dose": 1, "ward": "south"}
    write_lines(tmp_path, good, row, {"id": "last", "note": "\U0001f600"})
    result, _ = read(tmp_path, spec_of("jsonl", MIXED))
    assert [case.name for case in result.cases] == ["good", "last"]
    (problem,) = result.problems
    assert (problem.line, problem.column) == (2, column)
    assert words in problem.reason


def test_a_required_text_may_not_be_empty(tmp_path):
    write_lines(tmp_path, {"id": "a", "note": " \n", "finding": "no"}, {"id": "b", "note": "x", "finding": "no"})
    result, _ = read(tmp_path, spec_of("jsonl", [{"name": "note", "kind": "text"}]))
    assert reasons(result) == {1: ("note", "is empty, but field note is required")}


def test_lines_in_another_encoding_are_listed(tmp_path):
    lines = ['{"id": "a", "note": "größer", "finding": "no"}', '{"id": "b", "note": "größer", "finding": "no"}']
    (tmp_path / "cases.jsonl").write_bytes(lines[0].encode() + b"\n" + lines[1].encode("latin-1"))
    result, _ = read(tmp_path, spec_of("jsonl", MIXED))
    assert [case.name for case in result.cases] == ["a"]
    assert "is not UTF-8" in reasons(result)[2][1]


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_no_line_is_refused(tmp_path, content):
    (tmp_path / "cases.jsonl").write_text(content)
    with pytest.raises(ImportRefused, match=r"cases\.jsonl: the file has no line"):
        read(tmp_path, spec_of("jsonl"))


@pytest.mark.parametrize(
    ("kind", "name"), [("jsonl", "cases.jsonl"), ("parquet", "cases.parquet"), ("coco", "annotations.json")]
)
def test_a_file_that_is_missing(tmp_path, kind, name):
    with pytest.raises(ImportRefused, match=name):
        read(tmp_path, spec_of(kind))
    with pytest.raises(ImportRefused, match=r"other\.x"):
        read(tmp_path, spec_of(kind, source={"file": "other.x"}))


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\0" * 40 + b"PAR1", b"id,image\n1,2\n"])
def test_what_is_no_parquet_file(tmp_path, content):
    (tmp_path / "cases.parquet").write_bytes(content)
    with pytest.raises(ImportRefused, match=r"cases\.parquet: no Parquet file that can be read"):
        read(tmp_path, spec_of("parquet"))


def test_declared_splits(tmp_path):
    write_lines(
        tmp_path,
        {"id": "a", "patient": "p", "part": "ledger", "note": "x", "finding": "no"},
        {"id": "b", "patient": "p", "part": None, "note": "x", "finding": None},
        {"id": "c", "patient": "p", "part": "train", "note": "x", "finding": "no"},
        {"id": "d", "patient": "q", "part": "test", "note": "x", "finding": "no"},
        {"id": "e", "patient": "r", "part": "train", "note": "x", "finding": None},
    )
    split = {"group": "patient", "train": 1.0, "calibration": 0.0, "ledger": 0.0, "pool": 0.0}
    result, _ = read(tmp_path, spec_of("jsonl", MIXED, split=split, source={"split": "part"}))
    assert [(case.name, case.split) for case in result.cases] == [("a", "ledger"), ("b", "ledger"), ("e", "train")]
    assert "a group stays in one split" in reasons(result)[3][1]
    assert "'test' is no split" in reasons(result)[4][1]


def test_images_inside_a_parquet_file(tmp_path):
    (tmp_path / "d.png").write_bytes(picture(4))
    frame = pd.DataFrame(
        {
            "image": [
                {"bytes": picture(1), "path": "a.png"},
                {"bytes": picture(2), "path": "sub/b.png"},
                {"bytes": b"nothing", "path": "c.png"},
                {"bytes": None, "path": "d.png"},
                {"bytes": picture(5), "path": None},
                None,
            ],
            "finding": ["no", "yes", "no", "yes", "no", "no"],
            "unused": [object.__name__] * 6,
        }
    )
    frame.to_parquet(tmp_path / "cases.parquet", row_group_size=2)
    result, blobs = read(tmp_path, spec_of("parquet"))
    assert [case.name for case in result.cases] == ["a", "b", "d"]
    assert [blobs.items[case.fields[0].blob] for case in result.cases] == [picture(1), picture(2), picture(4)]
    assert sorted(reasons(result)) == [3, 5, 6]
    assert "c.png: this is no image" in reasons(result)[3][1]


def test_plain_bytes_and_other_types_of_a_parquet_file(tmp_path):
    frame = pd.DataFrame(
        {
            "id": ["a", "b", "c"],
            "image": [picture(1), picture(2), None],
            "dose": [1.5, None, 3.0],
            "ward": pd.Categorical(["north", "south", "north"]),
            "note": [pd.Timestamp("2024-05-01").date()] * 3,
            "finding": ["no", None, "yes"],
        }
    )
    frame.to_parquet(tmp_path / "cases.parquet")
    result, blobs = read(tmp_path, spec_of("parquet", MIXED))
    assert result.problems == ()
    assert [value.number for case in result.cases for value in case.fields[1:2]] == [1.5, None, 3.0]
    assert result.cases[0].fields[3].text == "2024-05-01"
    assert blobs.items[result.cases[1].fields[0].blob] == picture(2)
    assert result.cases[2].fields[0] == FieldValue("image")


def test_a_parquet_file_without_rows(tmp_path):
    pd.DataFrame({"image": pd.Series([], dtype="str"), "finding": pd.Series([], dtype="str")}).to_parquet(
        tmp_path / "cases.parquet"
    )
    with pytest.raises(ImportRefused, match="has no rows"):
        read(tmp_path, spec_of("parquet"))


def write_images(folder, *names):
    for shade, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(picture(shade))


def test_a_folder_of_images(tmp_path):
    write_images(tmp_path, "no/1.png", "no/deep/2.JPG", "yes/1.png", "3.png", ".hidden/4.png", "yes/.5.png")
    (tmp_path / "README.md").write_text("hello")
    result, _ = read(tmp_path, spec_of("images"))
    assert [(case.name, case.labels) for case in result.cases] == [
        ("3", {}),
        ("no/1", {"finding": "no"}),
        ("no/deep/2", {"finding": "no"}),
        ("yes/1", {"finding": "yes"}),
    ]
    assert result.cases[0].split == "pool"
    assert result.problems == ()
    assert result.notes == ("1 files that are no images were left out: 'README.md'",)


def test_a_folder_of_images_with_mistakes(tmp_path):
    write_images(tmp_path, "no/1.png", "No/2.png", "maybe/3.png", "maybe/4.png", "yes/1.png", "yes/1.gif")
    (tmp_path / "yes" / "broken.png").write_bytes(b"hello")
    (tmp_path / "yes" / "link.png").symlink_to("/etc/hostname")
    result, _ = read(tmp_path, spec_of("images"))
    assert [case.name for case in result.cases] == ["no/1", "yes/1"]
    told = " | ".join(f"{problem.column}: {problem.reason}" for problem in result.problems)
    assert "'No': the folder is no class of target finding, did you mean 'no'? (1 images)" in told
    assert "'maybe': the folder is no class of target finding; known: no, yes (2 images)" in told
    assert "id: 'yes/1' is the id of another file already" in told
    assert "yes/broken.png: this is no image" in told
    assert "'yes/link.png' lies outside the folder" in told


def test_a_folder_without_images(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(ImportRefused, match="there is no image"):
        read(tmp_path, spec_of("images"))


TOML = """
name = "a"
title = "A"
[[fields]]
name = "image"
kind = "image"
[[targets]]
name = "finding"
classes = ["no", "yes"]
"""


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ('[source]\nkind = "images"\n[[attributes]]\nname = "age"', "1 attributes, wanted none"),
        ('[source]\nkind = "images"\n[split]\ngroup = "patient"', "with a column of groups or splits"),
        ('[source]\nkind = "images"\n[[targets]]\nname = "b"\nclasses = ["x", "y"]', "with 2 targets, wanted one"),
        ('[source]\nkind = "images"\n[[fields]]\nname = "b"\nkind = "numeric"', "the fields image, b"),
        ('[source]\nkind = "images"\nfile = "x"', 'source.file: got "x", wanted no such key'),
        ('[source]\nkind = "coco"\nfile = "../x"', 'source.file: got "../x", wanted the name of a file inside'),
        ('[source]\nverdicts = "/x.csv"', 'source.verdicts: got "/x.csv"'),
        ('[source]\nkind = "jsonl"\ndataset = "x"', 'source.dataset: got "x"'),
    ],
)
def test_workspace_files_that_ask_for_what_a_source_has_not(extra, words):
    with pytest.raises(WorkspaceFileError) as caught:
        parse_workspace(TOML + extra, "a.toml")
    assert words in str(caught.value)
