"""A folder with a CSV: what can be used is read the same way each time, the rest is listed with line and reason."""

import os

import numpy as np
import pytest

from core.contracts import FieldValue
from core.errors import Cancelled, ImportRefused
from core.media import encode_png
from core.sources import source_of, split_of
from core.sources.folder import FolderSource
from core.sources.reading import CHUNK
from core.sources.rows import bin_name
from tests.helpers.source_parts import Listener, MemoryBlobs, small_spec

GOOD = "images/1.png,yes,p1,61,F"


def read(folder, spec=None):
    blobs = MemoryBlobs()
    return FolderSource(folder).read(spec or small_spec(), blobs, Listener()), blobs


def only_problem(result):
    assert len(result.problems) == 1
    problem = result.problems[0]
    return problem.line, problem.column, problem.reason


def test_a_row_becomes_a_case(write_csv):
    folder = write_csv("images/1.png,yes,p1,61,F")
    result, blobs = read(folder)
    (case,) = result.cases
    original = (folder / "images" / "1.png").read_bytes()
    assert result.problems == ()
    assert (case.name, case.group, case.labels) == ("1", "p1", {"finding": "yes"})
    assert case.attributes == {"age": "40-65", "sex": "F"}
    assert case.split == split_of(0, "p1", small_spec().split)
    assert [blobs.items[value.blob] for value in case.fields] == [original]


def test_reading_twice_gives_the_same(write_csv):
    folder = write_csv(*(f"images/{n}.png,{'yes' if n % 2 else 'no'},p{n // 2},{20 * n},M" for n in range(10)))
    assert read(folder)[0] == read(folder)[0]


def test_other_rows_do_not_change_a_case(write_csv):
    alone = read(write_csv(GOOD))[0].cases[0]
    among = read(write_csv("images/2.png,no,p2,30,M", GOOD, "images/9.png,maybe,p3,1,F"))[0].cases[1]
    assert alone == among


def test_a_patient_is_in_one_split(write_csv):
    result, _ = read(write_csv(*(f"images/{n}.png,yes,p{n % 3},50,M" for n in range(10))))
    splits = {group: {case.split for case in result.cases if case.group == group} for group in ("p0", "p1", "p2")}
    assert all(len(found) == 1 for found in splits.values())


@pytest.mark.parametrize(
    ("header", "row", "encoding"),
    [
        ("image;finding;patient;age;sex", "images/1.png;yes;p1;61;F", "utf-8"),
        ("image,finding,patient,age,sex", GOOD, "utf-8-sig"),
        ("sex , age,patient,finding,image,note", 'F,61,p1, yes , images/1.png ,"two\nlines, quoted"', "utf-8"),
    ],
    ids=["semicolons", "byte order mark", "other order, spaces, quotes"],
)
def test_dialects(write_csv, header, row, encoding):
    plain = read(write_csv(GOOD))[0]
    assert read(write_csv(row, header=header, encoding=encoding))[0] == plain


def test_windows_line_ends(folder, write_csv):
    plain = read(write_csv(GOOD))[0]
    (folder / "cases.csv").write_bytes((folder / "cases.csv").read_bytes().replace(b"\n", b"\r\n"))
    assert read(folder)[0] == plain


def test_the_id_column_names_the_case(write_csv):
    folder = write_csv("images/1.png,yes,p1,61,F,first", header="image,finding,patient,age,sex,id")
    assert read(folder)[0].cases[0].name == "first"


def test_each_case_is_its_own_group_without_a_group_column(write_csv):
    spec = small_spec(split={"train": 0.4, "calibration": 0.2, "ledger": 0.2, "pool": 0.2})
    assert read(write_csv(GOOD), spec)[0].cases[0].group == "1"


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("images/77.png,yes,p1,61,F", "image", "'images/77.png' is no file in the folder"),
        ("images,yes,p1,61,F", "image", "'images' is no file in the folder"),
        ("../secret.png,yes,p1,61,F", "image", "lies outside the folder"),
        ("images/../../secret.png,yes,p1,61,F", "image", "lies outside the folder"),
        ("/etc/passwd,yes,p1,61,F", "image", "lies outside the folder"),
        ("images/link.png,yes,p1,61,F", "image", "lies outside the folder"),
        ("images/loop.png,yes,p1,61,F", "image", "loop.png"),
        ("images/broken.png,yes,p1,61,F", "image", "images/broken.png: this is no image"),
        ("images/cut.png,yes,p1,61,F", "image", "images/cut.png: the image is damaged or cut short"),
        ("images/\0.png,yes,p1,61,F", "image", "NUL character"),
        (",yes,p1,61,F", "image", "is empty"),
        ("images/1.png,maybe,p1,61,F", "finding", "'maybe' is no class of target finding; known: no, yes"),
        ("images/1.png,yes,,61,F", "patient", "is empty"),
        ("images/1.png,yes,p1,old,F", "age", "'old' is no number"),
        ("images/1.png,yes,p1,nan,F", "age", "'nan' is no number"),
        ("images/1.png,yes,p1,61", "", "the row has 4 cells, the header has 5"),
        ("images/1.png,yes,p1,61,F,more", "", "the row has 6 cells, the header has 5"),
        ("images/2.png,yes,p1,61,F", "id", "'2' is the id of line 2 already"),
    ],
)
def test_a_row_that_cannot_be_used_is_listed_and_the_rest_imported(folder, write_csv, row, column, reason):
    (folder.parent / "secret.png").write_bytes(encode_png(np.zeros((2, 2), np.uint8)))
    (folder / "images" / "link.png").symlink_to(folder.parent / "secret.png")
    (folder / "images" / "loop.png").symlink_to(folder / "images" / "loop.png")
    (folder / "images" / "broken.png").write_bytes(b"hello")
    noise = np.random.default_rng(0).integers(0, 256, (32, 32), dtype=np.uint8)
    (folder / "images" / "cut.png").write_bytes(encode_png(noise)[:-200])
    result, blobs = read(write_csv("images/2.png,yes,p2,61,F", row, "images/3.png,no,p3,61,F"))
    line, at, why = only_problem(result)
    assert (line, at) == (3, column)
    assert reason in why
    assert [case.name for case in result.cases] == ["2", "3"]
    assert len(blobs.items) == 2


def test_a_file_that_may_not_be_read_is_listed(folder, write_csv):
    if os.geteuid() == 0:
        pytest.skip("the superuser may read everything")
    (folder / "images" / "1.png").chmod(0)
    assert only_problem(read(write_csv(GOOD))[0])[:2] == (2, "image")


def test_lines_are_counted_across_quoted_cells_and_blank_lines(write_csv):
    folder = write_csv(
        'images/1.png,yes,p1,61,"a\nb\nc"', "", "images/2.png,maybe,p2,61,F", "images/3.png,maybe,p3,61,F"
    )
    assert [problem.line for problem in read(folder)[0].problems] == [6, 7]


def test_a_link_inside_the_folder_is_followed(folder, write_csv):
    (folder / "images" / "link.png").symlink_to(folder / "images" / "1.png")
    assert read(write_csv("images/link.png,yes,p1,61,F"))[0].cases[0].name == "link"


def test_a_folder_that_is_itself_a_link(folder, write_csv, tmp_path_factory):
    write_csv(GOOD)
    link = tmp_path_factory.mktemp("links") / "data"
    link.symlink_to(folder)
    assert read(link)[0] == read(folder)[0]


def test_unlabelled_cases_go_to_the_pool(write_csv):
    spec = small_spec(split={"train": 0.5, "calibration": 0.0, "ledger": 0.5, "pool": 0.0})
    result, _ = read(write_csv(*(f"images/{n}.png,,,61,F" for n in range(6))), spec)
    assert {case.split for case in result.cases} == {"pool"}
    assert all(case.labels == {} for case in result.cases)


def test_an_unlabelled_image_of_a_labelled_patient_stays_with_the_patient(write_csv):
    spec = small_spec(split={"train": 0.0, "calibration": 0.0, "ledger": 1.0, "pool": 0.0, "group": "patient"})
    result, _ = read(write_csv("images/1.png,yes,p1,61,F", "images/2.png,,p1,61,F", "images/3.png,,p2,61,F"), spec)
    assert [case.split for case in result.cases] == ["ledger", "ledger", "pool"]


def test_missing_attributes_are_absent(write_csv):
    assert read(write_csv("images/1.png,yes,p1,,"))[0].cases[0].attributes == {}


def test_other_kinds_of_field(write_csv):
    spec = small_spec(
        fields=[
            {"name": "image", "kind": "image", "required": False},
            {"name": "dose", "kind": "numeric", "required": False},
            {"name": "ward", "kind": "categorical", "categories": ["x", "y"]},
            {"name": "note", "kind": "text"},
            {"name": "later", "kind": "numeric", "required": False},
        ]
    )
    header = "id,image,finding,patient,age,sex,dose,ward,note"
    result, _ = read(write_csv("a,images/1.png,yes,p,1,F,2.5,x, spaced ", "b,,no,p,1,F,,y,z", header=header), spec)
    first, second = (case.fields for case in result.cases)
    assert first[1:] == (
        FieldValue("dose", number=2.5),
        FieldValue("ward", text="x"),
        FieldValue("note", text=" spaced "),
        FieldValue("later"),
    )
    assert second[:2] == (FieldValue("image"), FieldValue("dose"))


def test_two_image_fields_keep_their_own_files(write_csv):
    spec = small_spec(fields=[{"name": "image", "kind": "image"}, {"name": "prior", "kind": "image"}])
    header = "id,image,prior,finding,patient,age,sex"
    result, blobs = read(
        write_csv("a,images/1.png,images/2.png,yes,p,1,F", "b,images/2.png,images/1.png,no,p,1,F", header=header), spec
    )
    first, second = (tuple(value.blob for value in case.fields) for case in result.cases)
    assert first == second[::-1]
    assert first[0] != first[1]
    assert len(blobs.items) == 2


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("image,patient,age,sex", ["'finding' (target finding)", "It has: image, patient, age, sex"]),
        ("Image,finding,patient,age,sex", ["'image' (field image), did you mean 'Image'?"]),
        ("image,finding,age,sex", ["'patient' (split.group)"]),
        ("image,finding,patient,sx", ["missing columns", "'age' (attribute age)", "'sex' (attribute sex)", "'sx'?"]),
    ],
)
def test_missing_columns_refuse_the_import(write_csv, header, words):
    with pytest.raises(ImportRefused) as caught:
        read(write_csv(GOOD, header=header))
    assert all(word in str(caught.value) for word in ["cases.csv", *words])


def test_a_workspace_without_files_needs_an_id(write_csv):
    spec = small_spec(fields=[{"name": "dose", "kind": "numeric"}])
    with pytest.raises(ImportRefused, match="'id'"):
        read(write_csv("1,yes,p,1,F", header="dose,finding,patient,age,sex"), spec)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b"image,finding,patient,age,sex\n", "no row under it"),
        (b"image,finding,patient,age,image\n1,2,3,4,5\n", "'image' appears twice"),
        (b"image,finding\nm\xfcller,no\n", "byte 15 (line 2) is not UTF-8; the table looks like Latin-1"),
        (b"bild,gr\xf6\xdfe\n\xc3\xa4,no\n", "byte 7 (line 1) is not UTF-8"),
        ("image,finding\n1,no\n".encode("utf-16"), "is UTF-16"),
        (b'image,finding\n"' + b"x" * 16_000_001 + b'",no\n', "line 2: not a CSV"),
    ],
    ids=["empty", "blank", "header alone", "column twice", "Latin-1", "header not UTF-8", "UTF-16", "huge cell"],
)
def test_what_is_no_table_refuses_the_import(folder, content, words):
    (folder / "cases.csv").write_bytes(content)
    with pytest.raises(ImportRefused, match=r"cases\.csv") as caught:
        read(folder)
    assert words in str(caught.value)


def test_no_folder_and_no_table(tmp_path):
    with pytest.raises(ImportRefused, match="is no folder"):
        source_of(small_spec(), tmp_path / "nowhere")
    with pytest.raises(ImportRefused, match=r"cases\.csv: the CSV can't be read"):
        read(tmp_path)
    with pytest.raises(ImportRefused, match="Name the folder"):
        source_of(small_spec(), None)


def test_progress_and_cancel(folder, write_csv):
    for number in range(2 * CHUNK):
        (folder / f"{number}.png").write_bytes(encode_png(np.full((1, 1), number, np.uint8)))
    write_csv(*(f"{number}.png,yes,p{number},50,F" for number in range(2 * CHUNK)))
    listener, blobs = Listener(), MemoryBlobs()
    result = FolderSource(folder).read(small_spec(), blobs, listener)
    assert [(step.done, step.total) for step in listener.seen] == [(0, 128), (64, 128), (128, 128)]
    assert len(result.cases) == 128
    assert blobs.calls == 2
    stopped = MemoryBlobs()
    with pytest.raises(Cancelled):
        FolderSource(folder).read(small_spec(), stopped, Listener(stop_at=2))
    assert stopped.calls == 1


@pytest.mark.parametrize(("number", "name"), [(39.9, "<40"), (40, "40-65"), (64.9, "40-65"), (65, ">=65")])
def test_bins(number, name):
    assert bin_name(number, (40.0, 65.0)) == name


def test_one_cut_point():
    assert [bin_name(value, (0.5,)) for value in (0.4, 0.5)] == ["<0.5", ">=0.5"]
