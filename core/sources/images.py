"""Cases from a folder of images: one sub-folder a class."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.contracts import FieldSpec, ProgressReporter, TargetSpec, WorkspaceSpec
from core.errors import ImportRefused
from core.formats.tables import Row, RowProblem, Table
from core.sources.base import BlobStore, SourceResult
from core.sources.columns import ID_COLUMN
from core.sources.reading import assemble
from core.sources.table import nearest

SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp")
NAMED = 5
"""Files that the note on what was left out names."""


@dataclass(frozen=True, slots=True)
class ImagesSource:
    """Reads every image in the folder and its sub-folders, in the order of their names.

    The first folder on the way to an image is its class; images directly in the folder wait for people. The id of a
    case is the relative path without the extension. Hidden files are passed over, others that are no images are
    noted.
    """

    folder: Path

    def read(self, spec: WorkspaceSpec, blobs: BlobStore, reporter: ProgressReporter) -> SourceResult:
        """Read the images; see `CaseSource.read`."""
        field, target = _only(spec)
        images, others = _files(self.folder)
        if not images:
            raise ImportRefused(
                f"{self.folder}: there is no image ({', '.join(SUFFIXES)}) in it or in its sub-folders."
            )
        rows = [path for path in images if _label(path) in ("", *target.classes)]
        table = Table(
            file=str(self.folder),
            columns=(ID_COLUMN, field.source_column, target.source_column),
            rows=tuple(Row(0, _cells(path, field, target)) for path in rows),
            problems=tuple(_unknown(images, target)),
        )
        found = assemble(spec, table, self.folder, blobs, reporter)
        return SourceResult(found.cases, found.problems, notes=_notes(others))


def _only(spec: WorkspaceSpec) -> tuple[FieldSpec, TargetSpec]:
    """Return the field and the target that a folder of images can fill; `workspace_rules` has seen to it."""
    return next(field for field in spec.fields if field.kind == "image"), spec.targets[0]


def _files(folder: Path) -> tuple[list[PurePosixPath], list[PurePosixPath]]:
    """Return the images below a folder and the other files, relative to it; links to folders are not followed."""
    found = sorted(
        PurePosixPath(Path(where, name).relative_to(folder).as_posix())
        for where, _, names in os.walk(folder)
        for name in names
    )
    shown = [path for path in found if not any(part.startswith(".") for part in path.parts)]
    images = [path for path in shown if path.suffix.lower() in SUFFIXES]
    return images, [path for path in shown if path.suffix.lower() not in SUFFIXES]


def _label(path: PurePosixPath) -> str:
    return path.parts[0] if len(path.parts) > 1 else ""


def _cells(path: PurePosixPath, field: FieldSpec, target: TargetSpec) -> dict[str, object]:
    return {
        ID_COLUMN: str(path.with_suffix("")),
        field.source_column: str(path),
        target.source_column: _label(path),
    }


def _unknown(images: list[PurePosixPath], target: TargetSpec) -> Iterator[RowProblem]:
    """Yield one problem for each folder that is no class."""
    for label in dict.fromkeys(map(_label, images)):
        if label and label not in target.classes:
            number = sum(_label(path) == label for path in images)
            guess = nearest(label, target.classes) or f"; known: {', '.join(target.classes)}"
            yield RowProblem(
                0, f"{label!r}", f"the folder is no class of target {target.name}{guess} ({number} images)"
            )


def _notes(others: list[PurePosixPath]) -> tuple[str, ...]:
    if not others:
        return ()
    names = ", ".join(repr(str(path)) for path in others[:NAMED]) + (", ..." if len(others) > NAMED else "")
    return (f"{len(others)} files that are no images were left out: {names}",)
