"""Cases from a COCO annotation file: categories become labels, boxes and segmentations become marks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast, get_args

from core.contracts import UNSURE, MarkKind, ProgressReporter, TargetSpec, WorkspaceSpec
from core.formats.coco import Coco, CocoAnnotation, CocoCategory, CocoImage, read_coco
from core.formats.coco_shapes import ShapeError, shape_mask
from core.formats.tables import Row, RowProblem, Table
from core.media import encode_mask
from core.sources.base import BlobStore, SourceRegion, SourceResult
from core.sources.cells import CellError, one_of
from core.sources.columns import ID_COLUMN, all_columns
from core.sources.reading import Assembled, assemble
from core.sources.regions import RegionChecker
from core.sources.said import spans_of, with_what_was_said

FILE = "annotations.json"
IGNORE = "ignore"
"""A category of this name marks what the model should not use; `ignore: NAME` also names the artefact."""


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What a category says: a label of a target, or that something is to be ignored."""

    target: TargetSpec | None
    label: str | None
    kind: MarkKind
    artefact: str | None = None


@dataclass(frozen=True, slots=True)
class CocoSource:
    """Reads `source.file` (default annotations.json) and the images that it names, relative to the folder.

    The id of a case is the stem of its file's name. An image whose annotations have exactly one class of a target
    has that label; with several it has none and waits for people. Every other column is read from the key
    `attributes` of the image, where `id` and labels may be given too.
    """

    folder: Path

    def read(self, spec: WorkspaceSpec, blobs: BlobStore, reporter: ProgressReporter) -> SourceResult:
        """Read annotations and images; see `CaseSource.read`."""
        coco = read_coco(self.folder / (spec.source.file or FILE))
        found = _Entries(spec, coco)
        assembled = assemble(spec, found.table(), self.folder, blobs, reporter)
        said = with_what_was_said(assembled, spec, self.folder)
        regions, problems = found.regions(assembled)
        return replace(said, problems=(*said.problems, *problems), regions=(*said.regions, *regions))


class _Entries:
    """The entries of an annotation file, sorted by what they are about."""

    def __init__(self, spec: WorkspaceSpec, coco: Coco) -> None:
        self._spec = spec
        self._coco = coco
        self._problems: list[RowProblem] = []
        self._meanings = {_key(category.id): _meaning(spec, category) for category in coco.categories}
        self._names = {_key(category.id): category.name for category in coco.categories}
        images: dict[object, CocoImage] = {}
        for image in coco.images:
            if _key(image.id) in images:
                self._problems.append(RowProblem(image.entry, "images", f"id {image.id!r} is used already"))
            else:
                images[_key(image.id)] = image
        self._images = images
        self._usable = [annotation for annotation in coco.annotations if self._is_usable(annotation)]

    def table(self) -> Table:
        """Return the images as rows, each with its labels; `line` is the entry in `images`."""
        by_image: dict[object, list[CocoAnnotation]] = {}
        for annotation in self._usable:
            by_image.setdefault(_key(annotation.image_id), []).append(annotation)
        rows = tuple(Row(image.entry, self._cells(image, by_image.get(key, ()))) for key, image in self._images.items())
        return Table(
            self._coco.file, tuple(sorted(all_columns(self._spec))), rows, (*self._coco.problems, *self._problems)
        )

    def regions(self, assembled: Assembled) -> tuple[list[SourceRegion], list[RowProblem]]:
        """Return the marks on usable cases, and the annotations whose shape can't be used."""
        checker = RegionChecker(self._spec, {case.name: case for case in assembled.cases}, assembled.sizes)
        regions: list[SourceRegion] = []
        problems: list[RowProblem] = []
        for annotation in self._usable:
            image = self._images[_key(annotation.image_id)]
            name = _case_name(image)
            if name not in checker.cases:
                continue
            try:
                region = self._region(annotation, image, name, assembled)
                if region is not None:
                    regions.append(checker.checked(region))
            except (CellError, ShapeError) as error:
                problems.append(RowProblem(annotation.entry, f"annotations, image {image.file_name!r}", error.reason))
        return regions, problems

    def _is_usable(self, annotation: CocoAnnotation) -> bool:
        reason = None
        if _key(annotation.image_id) not in self._images:
            reason = f"there is no image with id {annotation.image_id!r}"
        elif _key(annotation.category_id) not in self._meanings:
            reason = f"there is no category with id {annotation.category_id!r}"
        elif self._meanings[_key(annotation.category_id)] is None:
            classes = ", ".join(label for target in self._spec.targets for label in target.classes)
            name = self._names[_key(annotation.category_id)]
            reason = f"category {name!r} is no class of one target; known: {classes}, {IGNORE}, {IGNORE}: NAME"
        if reason is not None:
            self._problems.append(RowProblem(annotation.entry, "annotations", reason))
        return reason is None

    def _cells(self, image: CocoImage, annotations: Sequence[CocoAnnotation]) -> dict[str, object]:
        main = next(field for field in self._spec.fields if field.kind == "image")
        meanings = [self._meaning_of(annotation) for annotation in annotations]
        cells: dict[str, object] = {}
        for target in self._spec.targets:
            labels = {m.label for m in meanings if m.target is not None and m.target.name == target.name} - {UNSURE}
            cells[target.source_column] = labels.pop() if len(labels) == 1 else None
        return cells | dict(image.attributes) | {main.source_column: image.file_name, ID_COLUMN: _case_name(image)}

    def _region(
        self, annotation: CocoAnnotation, image: CocoImage, case: str, assembled: Assembled
    ) -> SourceRegion | None:
        meaning, said = self._meaning_of(annotation), annotation.attributes
        main = next(field.name for field in self._spec.fields if field.kind == "image")
        region = SourceRegion(
            case=case,
            field=str(said.get("field") or main),
            kind=cast(
                MarkKind, one_of("kind", str(said.get("kind") or meaning.kind), get_args(MarkKind), "kind of mark")
            ),
            artefact=str(said.get("artefact") or meaning.artefact or "") or None,
            names=tuple(str(said.get("names") or "").split()),
            spans=spans_of(str(said.get("spans") or "")),
            label=meaning.label,
            actor=str(said.get("actor") or "") or None,
            target=meaning.target.name if meaning.target else str(said.get("target") or "") or None,
        )
        if region.names or region.spans:
            return region
        if annotation.segmentation in (None, []) and annotation.bbox in (None, []):
            return None
        width, height = _size(image, assembled.sizes.get((case, region.field)))
        mask = shape_mask(annotation.segmentation, annotation.bbox, width, height)
        return None if mask is None else replace(region, mask=encode_mask(mask))

    def _meaning_of(self, annotation: CocoAnnotation) -> _Meaning:
        return cast(_Meaning, self._meanings[_key(annotation.category_id)])


def _key(number: object) -> object:
    """Return an id that can be looked up; tools write the same id as number and as text."""
    return str(number)


def _case_name(image: CocoImage) -> str:
    return str(image.attributes.get(ID_COLUMN) or Path(image.file_name).stem).strip()


def _size(image: CocoImage, size: tuple[int, int] | None) -> tuple[int, int]:
    """Return width and height of the upright image; refuse marks that were drawn on another size."""
    if size is None:
        raise ShapeError("the case has no image in that field")
    if (image.width, image.height) not in (size, (None, None)):
        raise ShapeError(
            f"the image is {size[0]} x {size[1]} pixels, its entry says {image.width} x {image.height}, "
            "so it is not known where the mark lies"
        )
    return size


def _meaning(spec: WorkspaceSpec, category: CocoCategory) -> _Meaning | None:
    """Return what a category says, None when it is no class of just one target."""
    if category.name == IGNORE or category.name.startswith(f"{IGNORE}:"):
        return _Meaning(None, None, "ignore", category.name.partition(":")[2].strip() or None)
    found = [target for target in spec.targets if category.name in (*target.classes, UNSURE)]
    named = [target for target in found if target.name == category.supercategory]
    chosen = named or found
    return _Meaning(chosen[0], category.name, "look_here") if len(chosen) == 1 else None
