"""A folder of DICOM files: pictures become cases, what could name a person stays behind."""

import csv
import shutil

import numpy as np
import pytest

from core.contracts import WorkspaceSpec
from core.errors import ImportRefused
from core.media import decode_image
from core.media.dicom import read_pixels
from core.sources import source_of, split_of
from core.sources.dicom_identity import IDENTIFYING, is_identifying, is_keyword, pseudonym
from tests.helpers.dicom_files import grey, packaged, write_patient, written
from tests.helpers.source_parts import Listener, MemoryBlobs

SPEC = {
    "name": "ward",
    "title": "Ward",
    "source": {"kind": "dicom", "file": "cases.csv"},
    "fields": [
        {"name": "image", "kind": "image"},
        {"name": "age", "kind": "numeric", "column": "PatientAge", "required": False},
    ],
    "targets": [{"name": "finding", "classes": ["no", "yes"]}],
    "attributes": [{"name": "sex", "column": "PatientSex"}],
    "split": {"group": "PatientID"},
    "encoder": {"name": "mlp"},
}
TREE = {"kind": "dicom"}
PRIVATE = ("Doe", "Jane", "1961", "A-77", "1.2.826", "P0", "P1", "P2", "secret")


def ward(**changes):
    return WorkspaceSpec.model_validate({**SPEC, **changes})


def read(folder, spec):
    blobs = MemoryBlobs()
    return source_of(spec, folder).read(spec, blobs, Listener()), blobs


@pytest.fixture
def folder(tmp_path):
    """Six pictures of three patients, and a CSV that labels them."""
    for number in range(6):
        write_patient(tmp_path / "disc" / f"{number}.dcm", number)
    rows = [(f"disc/{number}.dcm", ("no", "yes")[number % 2]) for number in range(6)]
    with (tmp_path / "cases.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "finding"), *rows])
    return tmp_path


def test_listed_files_become_cases(folder):
    result, blobs = read(folder, ward())
    assert result.problems == ()
    assert [case.labels["finding"] for case in result.cases] == ["no", "yes"] * 3
    assert [case.attributes["sex"] for case in result.cases] == ["F", "F", "M", "M", "F", "F"]
    for number, case in enumerate(result.cases):
        image, age = case.fields
        assert age.number == 30 + number
        data = (folder / "disc" / f"{number}.dcm").read_bytes()
        assert (decode_image(blobs.items[image.blob], "x").pixels == read_pixels(data, "x")).all()
        assert case.group == pseudonym("ward", 0, "group", f"P{number // 2}")
        assert case.name == pseudonym("ward", 0, "picture", f"1.2.826.{number}")
        assert case.split == split_of(0, case.group, ward().split)


def test_nothing_that_names_a_person_is_kept(folder):
    dataset = grey(
        np.arange(6).reshape(2, 3), PatientName="Doe^Jane", PatientID="P9", ReferringPhysicianName="Jane^Doe"
    )
    dataset.add_new(0x00091010, "LO", "secret")
    (folder / "disc" / "private.dcm").write_bytes(written(dataset))
    spec = ward(source=TREE, attributes=[])
    result, blobs = read(folder, spec)
    assert len(result.cases) == 7
    everything = repr(result) + "".join(data.decode("latin-1") for data in blobs.items.values())
    assert not [word for word in PRIVATE if word in everything]
    assert "PatientName (7)" in result.notes[0]
    for tag in ("PatientBirthDate (6)", "AccessionNumber (6)", "ReferringPhysicianName (1)", "private tags (1)"):
        assert tag in result.notes[0]
    assert "PatientAge" not in result.notes[0]


def test_the_pseudonym_depends_on_the_workspace(folder):
    one, _ = read(folder, ward())
    other, _ = read(folder, ward(name="other"))
    assert not {case.group for case in one.cases} & {case.group for case in other.cases}
    assert not {case.name for case in one.cases} & {case.name for case in other.cases}


def test_a_folder_without_a_list_is_walked(folder):
    shutil.move(folder / "disc" / "0.dcm", folder / "disc" / "IM0001")
    (folder / "disc" / "DICOMDIR").write_bytes(packaged("dicomdirtests/DICOMDIR"))
    (folder / "disc" / "notes.txt").write_text("not a picture")
    (folder / "disc" / "cut.dcm").write_bytes(packaged("CT_small.dcm")[:3000])
    (folder / "disc" / "loop.dcm").write_bytes(packaged("examples_ybr_color.dcm"))
    (folder / "disc" / "plan").write_bytes(packaged("rtplan.dcm"))
    (folder / "link.dcm").symlink_to("/etc/hostname")
    result, _ = read(folder, ward(source=TREE))
    assert len(result.cases) == 6
    assert {case.split for case in result.cases} == {"pool"}
    problems = {problem.column: problem.reason for problem in result.problems}
    assert set(problems) == {"disc/cut.dcm", "disc/loop.dcm", "disc/plan"}
    assert "30 frames" in problems["disc/loop.dcm"]
    assert not problems["disc/loop.dcm"].startswith("disc")
    assert all(problem.line == 0 for problem in result.problems)


def test_lines_that_cannot_be_used_are_listed_and_the_rest_goes_on(folder):
    write_patient(folder / "disc" / "copy.dcm", 1)
    ageless = write_patient(folder / "disc" / "ageless.dcm", 8)
    ageless.write_bytes(ageless.read_bytes().replace(b"038Y", b"old "))
    write_patient(folder / "disc" / "nobody.dcm", 9, PatientID=None)
    with (folder / "cases.csv").open("a", newline="") as file:
        csv.writer(file).writerows(
            [
                ("../outside.dcm", "no"),
                ("disc/gone.dcm", "no"),
                ("", "no"),
                ("disc/copy.dcm", "no"),
                ("disc/ageless.dcm", "no"),
                ("disc/nobody.dcm", "no"),
                ("disc/0.dcm", "maybe"),
            ]
        )
    result, _ = read(folder, ward())
    assert len(result.cases) == 6
    found = [(problem.line, problem.column) for problem in result.problems]
    assert found == [
        (8, "file"), (9, "file"), (10, "file"), (11, "file"), (12, "PatientAge"), (13, "PatientID"), (14, "id"),
    ]  # fmt: skip
    reasons = [problem.reason for problem in result.problems]
    assert "outside the folder" in reasons[0]
    assert "has the id of 'disc/1.dcm' already" in reasons[3]
    assert "'old' is no number" in reasons[4]


def test_the_csv_gives_ids_and_wins_over_tags(folder):
    (folder / "cases.csv").write_text("file,finding,id,PatientSex\ndisc/3.dcm,yes,case 3,F\n")
    (case,) = read(folder, ward())[0].cases
    assert (case.name, case.attributes["sex"]) == ("case 3", "F")


def test_a_missing_tag_is_a_missing_value(folder):
    write_patient(folder / "disc" / "0.dcm", 0, PatientAge=None)
    assert read(folder, ward())[0].cases[0].fields[1].number is None


def test_text_in_the_picture_and_odd_files_are_noted(folder):
    write_patient(folder / "disc" / "0.dcm", 0, BurnedInAnnotation="YES")
    (folder / "disc" / "odd.dcm").write_bytes(packaged("SC_rgb_jpeg.dcm"))
    notes = read(folder, ward(source=TREE, split={}, attributes=[]))[0].notes
    assert "burned into the picture of 1 file" in notes[0]
    assert "pydicom remarked in 1 file" in notes[-1]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"attributes": [{"name": "who", "column": "PatientName"}]}, "attribute who: the DICOM tag PatientName could"),
        ({"attributes": [{"name": "day", "column": "StudyDate"}]}, "StudyDate could name a person"),
        ({"attributes": [{"name": "view", "column": "ViewPositon"}]}, "did you mean 'ViewPosition'?"),
        ({"split": {"group": "patient"}}, "split.group: 'patient' is no DICOM keyword"),
        ({"fields": [{"name": "note", "kind": "text"}]}, "needs one field of kind image"),
        ({"source": {"kind": "dicom", "file": "none.csv"}}, "none.csv"),
        ({"targets": [{"name": "grade", "classes": ["a", "b"]}]}, "target grade"),
    ],
)
def test_what_cannot_be_imported_at_all(folder, changes, words):
    with pytest.raises(ImportRefused, match=words.replace("?", r"\?").replace(".", r"\.")):
        read(folder, ward(**changes))


def test_no_files(tmp_path):
    with pytest.raises(ImportRefused, match="no DICOM file"):
        read(tmp_path, ward(source=TREE))
    (tmp_path / "cases.csv").write_text("picture,finding\na.dcm,no\n")
    with pytest.raises(ImportRefused, match="missing column 'file'"):
        read(tmp_path, ward())


def test_the_list_of_identifying_tags():
    assert all(is_keyword(keyword) for keyword in IDENTIFYING)
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "StudyInstanceUID", "InstitutionName", "StudyTime"):
        assert is_identifying(keyword), keyword
    for keyword in (
        "PatientAge",
        "PatientSex",
        "ViewPosition",
        "Modality",
        "SOPClassUID",
        "BodyPartExamined",
        "finding",
    ):
        assert not is_identifying(keyword), keyword
