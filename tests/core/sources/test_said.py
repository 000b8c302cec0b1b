"""Verdicts and marks in files beside the table: those that fit are brought along, the rest is listed."""

import numpy as np
import pytest

from core.contracts import NewRegion
from core.errors import ImportRefused
from core.formats.comma_separated import write_csv
from core.media import encode_mask, encode_png
from core.services.bringing import IMPORT, brought
from core.sources import SourceRegion, SourceResult, source_of
from tests.helpers.source_parts import Listener, MemoryBlobs, small_spec

FIELDS = [
    {"name": "image", "kind": "image"},
    {"name": "dose", "kind": "numeric"},
    {"name": "note", "kind": "text"},
]
VERDICT = ("case", "target", "actor", "label", "stance", "confidence", "comment")
REGION = ("case", "target", "actor", "field", "kind", "artefact", "mask", "names", "spans")
SPEC = small_spec(source={"verdicts": "verdicts.csv", "regions": "regions.csv"}, fields=FIELDS, attributes=[], split={})


@pytest.fixture
def folder(tmp_path):
    """Two cases: a is labelled, b is not; masks of the right and of another size."""
    (tmp_path / "x.png").write_bytes(encode_png(np.zeros((4, 6), np.uint8)))
    rows = [("a", "x.png", 1, "a \U0001f600 note", "yes"), ("b", "x.png", 2, "note", "")]
    write_csv(tmp_path / "cases.csv", ("id", "image", "dose", "note", "finding"), rows)
    for name, shape in (("good", (4, 6)), ("wide", (4, 7))):
        (tmp_path / f"{name}.png").write_bytes(encode_mask(np.eye(*shape, dtype=bool)))
    write_csv(tmp_path / "verdicts.csv", VERDICT, [])
    write_csv(tmp_path / "regions.csv", REGION, [])
    return tmp_path


def read(folder):
    return source_of(SPEC, folder).read(SPEC, MemoryBlobs(), Listener())


def test_a_verdict_and_its_marks(folder):
    write_csv(folder / "verdicts.csv", VERDICT, [("a", "finding", "eva", "no", "override", "likely", "=so")])
    marks = [
        ("a", "finding", "eva", "image", "ignore", "clip", "good.png", "", ""),
        ("a", "finding", "eva", "dose", "ignore", "", "", "dose", ""),
        ("a", "", "", "note", "look_here", "", "", "", "2:3 4:8"),
    ]
    write_csv(folder / "regions.csv", REGION, marks)
    result = read(folder)
    assert result.problems == ()
    (verdict,) = result.verdicts
    assert (verdict.actor, verdict.label, verdict.stance, verdict.confidence) == ("eva", "no", "override", "likely")
    assert verdict.comment == "=so"
    found = brought(SPEC, result, MemoryBlobs())
    assert found.notes == ()
    (first, its_marks), (made, others) = found.verdicts
    assert first == verdict
    assert [mark.artefact for mark in its_marks] == ["clip", "unnamed artefact"]
    assert (made.case, made.target, made.label, made.stance, made.confidence, made.actor) == (
        "a", "finding", "yes", "agree", "certain", None,
    )  # fmt: skip
    assert others == (NewRegion("note", "look_here", spans=((2, 3), (4, 8))),)


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (("z", "finding", "", "yes", "", "", ""), "case", "'z' is none of the cases"),
        (("a", "fnding", "", "yes", "", "", ""), "target", "did you mean 'finding'"),
        (("a", "finding", "", "maybe", "", "", ""), "label", "'maybe' is no label"),
        (("a", "finding", "", "", "", "", ""), "label", "is empty"),
        (("a", "finding", "", "yes", "hm", "", ""), "stance", "'hm' is no stance"),
        (("a", "finding", "", "yes", "", "hm", ""), "confidence", "'hm' is no confidence"),
        (("a", "finding", "e\tva", "yes", "", "", ""), "actor", "printable"),
        (("a", "finding", "", "yes", "", "", "x" * 10_001), "comment", "has 10,001 characters"),
    ],
)
def test_a_verdict_that_cannot_be_used_is_listed(folder, row, column, words):
    good = ("b", "finding", "eva", "unsure", "unsure", "guess", "")
    write_csv(folder / "verdicts.csv", VERDICT, [row, good])
    result = read(folder)
    assert len(result.cases) == 2
    assert [verdict.label for verdict in result.verdicts] == ["unsure"]
    (problem,) = result.problems
    assert (problem.line, problem.column) == (2, f"verdicts.csv {column}")
    assert words in problem.reason


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (
            ("a", "", "", "image", "ignore", "", "wide.png", "", ""),
            "mask",
            "the mask is 7 x 4 pixels, the image is 6 x 4",
        ),
        (("a", "", "", "image", "ignore", "", "x.png", "", ""), "mask", "marks nothing"),
        (("a", "", "", "image", "ignore", "", "gone.png", "", ""), "mask", "is no file in the folder"),
        (("a", "", "", "image", "ignore", "", "../x.png", "", ""), "mask", "lies outside"),
        (("a", "", "", "dose", "ignore", "", "good.png", "", ""), "mask", "has no image 'dose'"),
        (("a", "", "", "image", "ignore", "", "", "image", ""), "names", "is an image"),
        (("a", "", "", "dose", "ignore", "", "", "note", ""), "names", "names that field"),
        (("a", "", "", "note", "ignore", "", "", "", "0:99"), "spans", "0:99 lies outside the text"),
        (("a", "", "", "note", "ignore", "", "", "", "3:3"), "spans", "3:3 lies outside"),
        (("a", "", "", "note", "ignore", "", "", "", "3-4"), "spans", "are no spans"),
        (("a", "", "", "dose", "ignore", "", "", "", "0:1"), "spans", "no words"),
        (("a", "", "", "dose", "", "", "", "dose", ""), "kind", "is empty"),
        (("a", "", "", "", "ignore", "", "", "dose", ""), "field", "is empty"),
        (("a", "", "", "dose", "ignore", "", "", "", ""), "field", "got none"),
        (("a", "", "", "note", "ignore", "", "", "note", "0:1"), "field", "got names and spans"),
        (("a", "", "", "dose", "ignore", "n" * 101, "", "dose", ""), "artefact", "more than 100 characters"),
    ],
)
def test_a_mark_that_cannot_be_used_is_listed(folder, row, column, words):
    write_csv(folder / "regions.csv", REGION, [row, ("a", "", "", "dose", "look_here", "", "", "dose", "")])
    result = read(folder)
    assert [mark.kind for mark in result.regions] == ["look_here"]
    (problem,) = result.problems
    assert (problem.line, problem.column) == (2, f"regions.csv {column}")
    assert words in problem.reason


def test_marks_without_a_label_are_left_out_and_told(folder):
    result = read(folder)
    mark = SourceRegion("b", "dose", "ignore", names=("dose",))
    unknown = SourceRegion("z", "dose", "ignore", names=("dose",))
    found = brought(SPEC, SourceResult(result.cases, (), (mark, unknown)), MemoryBlobs())
    assert found.verdicts == ()
    assert found.notes == ("1 marks were left out, because their cases have no label",)
    labelled = SourceRegion("b", "dose", "ignore", names=("dose",), label="no", actor="eva")
    ((verdict, marks),) = brought(SPEC, SourceResult(result.cases, (), (labelled,)), MemoryBlobs()).verdicts
    assert (verdict.label, verdict.actor, len(marks)) == ("no", "eva", 1)
    assert IMPORT.kind == "service"


def test_reads_come_along(folder):
    header = ("case", "target", "actor", "label", "confidence", "seconds")
    rows = [
        ("a", "finding", "eva", "no", "guess", 3.5),
        ("a", "finding", "", "no", "guess", ""),
        ("b", "", "eva", "unsure", "", ""),
        ("b", "", "eva", "unsure", "", "soon"),
    ]
    write_csv(folder / "reads.csv", header, rows)
    spec = SPEC.model_copy(update={"source": SPEC.source.model_copy(update={"reads": "reads.csv"})})
    result = source_of(spec, folder).read(spec, MemoryBlobs(), Listener())
    assert [(read.case, read.label, read.confidence, read.seconds) for read in result.reads] == [
        ("a", "no", "guess", 3.5),
        ("b", "unsure", "certain", None),
    ]
    assert [(problem.line, problem.column) for problem in result.problems] == [
        (3, "reads.csv actor"),
        (5, "reads.csv seconds"),
    ]


def test_a_file_that_is_named_must_be_there(folder):
    (folder / "regions.csv").unlink()
    with pytest.raises(ImportRefused, match=r"regions\.csv"):
        read(folder)
    write_csv(folder / "regions.csv", ("case", "feld"), [])
    with pytest.raises(ImportRefused, match="missing columns"):
        read(folder)
