"""COCO: categories become labels, shapes become marks; what does not fit is listed entry by entry."""

import json

import numpy as np
import pytest
from PIL import Image

from core.errors import ImportRefused
from core.media import decode_mask, encode_png
from core.sources import source_of
from tests.helpers.source_parts import Listener, MemoryBlobs, small_spec

CATEGORIES = [{"id": 1, "name": "no"}, {"id": 2, "name": "yes"}, {"id": 3, "name": "ignore: corner"}]


def spec_of(**changes):
    return small_spec(**{"source": {"kind": "coco"}, "attributes": [], "split": {}, **changes})


@pytest.fixture
def write(tmp_path):
    """Write four images of 6 x 4 pixels and an annotation file; return the folder."""

    def written(*annotations, images=None, categories=CATEGORIES, **more):
        for number in range(4):
            (tmp_path / f"{number}.png").write_bytes(encode_png(np.full((4, 6), number, np.uint8)))
        listed = [{"id": n, "file_name": f"{n}.png", "width": 6, "height": 4} for n in range(4)]
        document = {"images": images or listed, "categories": categories, "annotations": list(annotations), **more}
        (tmp_path / "annotations.json").write_text(json.dumps(document))
        return tmp_path

    return written


def box(image, category, bbox=None, **more):
    return {"image_id": image, "category_id": category, **({"bbox": bbox} if bbox else {}), **more}


def read(folder, spec=None):
    spec = spec or spec_of()
    return source_of(spec, folder).read(spec, MemoryBlobs(), Listener())


def test_labels_come_from_categories(write):
    result = read(
        write(
            box(0, 1), box(1, 2, [0, 0, 2, 2]), box(1, 2, [3, 3, 1, 1]), box(2, 1), box(2, 2), box(3, 3, [0, 0, 1, 1])
        )
    )
    assert [(case.name, dict(case.labels)) for case in result.cases] == [
        ("0", {"finding": "no"}),
        ("1", {"finding": "yes"}),
        ("2", {}),
        ("3", {}),
    ]
    assert result.problems == ()


def test_shapes_become_marks(write):
    counts = [0, 4, 20]  # the first column
    result = read(
        write(
            box(0, 1, [1, 1, 2, 2]),
            box(0, 3, segmentation={"size": [4, 6], "counts": counts}),
            box(0, 1, segmentation=[[2, 0, 6, 0, 6, 4, 2, 4]]),
        )
    )
    first, second, third = result.regions
    assert [(mark.case, mark.field, mark.kind, mark.artefact, mark.label) for mark in result.regions] == [
        ("0", "image", "look_here", None, "no"),
        ("0", "image", "ignore", "corner", None),
        ("0", "image", "look_here", None, "no"),
    ]
    masks = [decode_mask(mark.mask, 6, 4, "") for mark in (first, second, third)]
    assert [int(mask.sum()) for mask in masks] == [4, 4, 16]
    assert masks[1][:, 0].all()


def test_marks_are_in_the_pixels_of_the_upright_image(write):
    folder = write(box(0, 1, [0, 0, 1, 6]), images=[{"id": 0, "file_name": "turned.jpg", "width": 4, "height": 6}])
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.zeros((4, 6), np.uint8)).save(folder / "turned.jpg", exif=exif)
    (region,) = read(folder).regions
    assert decode_mask(region.mask, 4, 6, "")[:, 0].all()


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (box(0, 9, [0, 0, 1, 1]), "there is no category with id 9"),
        (box(9, 1, [0, 0, 1, 1]), "there is no image with id 9"),
        (box(0, 4, [0, 0, 1, 1]), "category 'person' is no class of one target; known: no, yes, ignore"),
        (box(0, 1, [4, 1, 9, 2]), "outside the image, which is 6 x 4 pixels"),
        (box(0, 1, [1, 1, -1, 2]), "the box is -1 x 2"),
        (box(0, 1, segmentation={"size": [6, 4], "counts": [24]}), "of size [6, 4], the image is [4, 6]"),
        (box(0, 1, segmentation={"size": [4, 6], "counts": [24]}), "marks nothing"),
        (box(0, 1, [0, 0, 1, 1], attributes={"kind": "smile"}), "'smile' is no kind of mark"),
        (box(0, 1, [0, 0, 1, 1], attributes={"field": "other"}), "the case has no image in that field"),
        (box(0, 1, attributes={"spans": "0:3"}), "'image' is image"),
        ("text", "the entry is no object"),
    ],
)
def test_an_annotation_that_cannot_be_used_is_listed_and_the_rest_read(write, annotation, words):
    categories = [*CATEGORIES, {"id": 4, "name": "person"}]
    result = read(write(box(1, 2, [0, 0, 1, 1]), annotation, box(2, 1, [1, 1, 1, 1]), categories=categories))
    assert len(result.cases) == 4
    assert len(result.regions) == 2
    (problem,) = result.problems
    assert problem.line == 2
    assert problem.column.startswith("annotations")
    assert words in problem.reason


def test_images_that_cannot_be_used_are_listed_and_the_rest_read(write):
    images = [
        {"id": 0, "file_name": "0.png", "width": 6, "height": 4},
        {"id": 1, "file_name": "gone.png"},
        {"id": 0, "file_name": "1.png"},
        {"id": 3, "file_name": "../2.png"},
        {"id": 4, "file_name": "3.png", "width": 60, "height": 40},
        {"id": 5},
    ]
    result = read(write(box(4, 1, [0, 0, 1, 1]), box(1, 1, [0, 0, 1, 1]), images=images))
    assert [case.name for case in result.cases] == ["0", "3"]
    told = {(problem.line, problem.column): problem.reason for problem in result.problems}
    assert "no file in the folder" in told[2, "image"]
    assert "id 0 is used already" in told[3, "images"]
    assert "lies outside" in told[4, "image"]
    assert "is empty" in told[6, "id"]
    assert "its entry says 60 x 40" in told[1, "annotations, image '3.png'"]
    assert len(told) == 5


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "no JSON"),
        ("[]", "a JSON list"),
        ("{}", "got nothing"),
        ('{"images": []}', "got images"),
        ("\xff", "no JSON"),
    ],
)
def test_what_is_no_coco_file_is_refused(tmp_path, content, words):
    (tmp_path / "annotations.json").write_text(content, encoding="latin-1")
    with pytest.raises(ImportRefused, match=r"annotations\.json") as caught:
        read(tmp_path)
    assert words in str(caught.value)


def test_a_category_of_two_targets_needs_its_target_named(write):
    targets = [{"name": "a", "classes": ["no", "yes"]}, {"name": "b", "classes": ["no", "x"]}]
    categories = [{"id": 1, "name": "no"}, {"id": 2, "name": "no", "supercategory": "b"}, {"id": 3, "name": "yes"}]
    result = read(write(box(0, 1), box(0, 2), box(0, 3), categories=categories), spec_of(targets=targets))
    assert result.cases[0].labels == {"a": "yes", "b": "no"}
    assert "is no class of one target" in result.problems[0].reason
