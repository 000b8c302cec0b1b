"""Export as COCO: images, categories, and marks as annotations with run lengths."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from core.contracts import UNSURE, FieldSpec
from core.errors import BadInput
from core.formats.coco import write_coco
from core.formats.coco_shapes import bounding_box, run_lengths
from core.formats.exported import Exported, ExportedCase, ExportedMark, ExportedVerdict, Written
from core.media import decode_mask
from core.services.exporting.record import READS, VERDICTS, spans_text

FILE = "annotations.json"
Category = tuple[str, str]
"""Name and supercategory."""


def write(exported: Exported, folder: Path) -> Written:
    """Write `annotations.json`; what COCO has no place for goes into `attributes` of images and annotations.

    Raises
    ------
    BadInput
        When the workspace has no image.
    """
    field = next((field for field in exported.spec.fields if field.kind == "image"), None)
    if field is None:
        raise BadInput(f"COCO describes images, and {exported.spec.name!r} has none. Export it as csv or jsonl.")
    images = {case.name: number for number, case in enumerate(exported.cases, start=1)}
    cases = {case.name: case for case in exported.cases}
    categories = _categories(exported)
    write_coco(
        folder / FILE,
        [
            _image(number, case, field, row)
            for (number, case), row in zip(enumerate(exported.cases, start=1), exported.rows, strict=True)
        ],
        [{"id": number, "name": name, "supercategory": above} for (name, above), number in categories.items()],
        [
            {
                "id": number,
                "image_id": images[verdict.case],
                "category_id": categories[_category(verdict, mark)],
                "iscrowd": 0,
                **_shape(cases[verdict.case], mark),
                "attributes": _attributes(verdict, mark),
            }
            for number, (verdict, mark) in enumerate(_marks(exported), start=1)
        ],
        exported.spec.title,
    )
    return Written((FILE,), {"kind": "coco", "file": FILE, "verdicts": VERDICTS, "reads": READS})


def _marks(exported: Exported) -> Iterator[tuple[ExportedVerdict, ExportedMark]]:
    known = {case.name for case in exported.cases}
    for verdict in exported.verdicts:
        if verdict.case in known:
            yield from ((verdict, mark) for mark in verdict.marks)


def _categories(exported: Exported) -> dict[Category, int]:
    classes = [(label, target.name) for target in exported.spec.targets for label in (*target.classes, UNSURE)]
    used = [_category(verdict, mark) for verdict, mark in _marks(exported)]
    wanted = [category for category in classes if category[0] != UNSURE or category in used]
    return {category: number for number, category in enumerate(dict.fromkeys([*wanted, *used]), start=1)}


def _category(verdict: ExportedVerdict, mark: ExportedMark) -> Category:
    """Return the label that a mark speaks for, or that it says what to ignore."""
    if mark.kind == "ignore":
        return f"ignore: {mark.artefact}", "ignore"
    return verdict.label, verdict.target


def _image(
    number: int, case: ExportedCase, field: FieldSpec, row: Mapping[str, str | float | None]
) -> dict[str, object]:
    width, height = case.sizes.get(field.name, (0, 0))
    return {
        "id": number,
        "file_name": case.files.get(field.name, ""),
        "width": width,
        "height": height,
        "attributes": {column: cell for column, cell in row.items() if column != field.source_column},
    }


def _shape(case: ExportedCase, mark: ExportedMark) -> dict[str, object]:
    if mark.mask is None:
        return {}
    mask = decode_mask(mark.mask, *case.sizes[mark.field], f"the mask on case {case.name!r}")
    return {"segmentation": run_lengths(mask), "bbox": bounding_box(mask), "area": int(mask.sum())}


def _attributes(verdict: ExportedVerdict, mark: ExportedMark) -> dict[str, object]:
    told = {
        "field": mark.field,
        "kind": mark.kind,
        "artefact": mark.artefact,
        "target": verdict.target,
        "actor": verdict.actor,
        "names": " ".join(mark.names),
        "spans": spans_text(mark.spans),
    }
    return {key: value for key, value in told.items() if value}
