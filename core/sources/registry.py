"""Which source reads which kind of workspace. A source is imported when it is first asked for."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import cast

from core.contracts import WorkspaceSpec
from core.errors import ImportRefused
from core.sources.base import CaseSource

PACKAGE = "package"
"""The kind that reads no folder."""
SOURCES: Mapping[str, str] = {
    "folder": "core.sources.folder:FolderSource",
    "parquet": "core.sources.parquet:ParquetSource",
    "jsonl": "core.sources.jsonl:JsonLinesSource",
    "images": "core.sources.images:ImagesSource",
    "coco": "core.sources.coco:CocoSource",
    "package": "core.sources.package:PackageSource",
    "label-studio": "core.sources.label_studio:LabelStudioSource",
    "dicom": "core.sources.dicom:DicomSource",
}
"""`source.kind` -> `module:class`; the class is called with the folder, where the kind reads one."""


def source_of(spec: WorkspaceSpec, folder: Path | None = None) -> CaseSource:
    """Return the source that a workspace declares.

    Parameters
    ----------
    spec : WorkspaceSpec
        `spec.source.kind` decides.
    folder : Path, optional
        The folder that the person named; a package data set ignores it.

    Raises
    ------
    ImportRefused
        When the workspace reads a folder and none was named, or it is none.
    """
    module, name = SOURCES[spec.source.kind].split(":")
    opened = cast(Callable[..., CaseSource], getattr(import_module(module), name))
    if spec.source.kind == PACKAGE:
        return opened()
    if folder is None:
        raise ImportRefused("This workspace reads its cases from a folder. Name the folder that holds its files.")
    if not folder.is_dir():
        raise ImportRefused(f"{folder} is no folder. Name the folder that holds the files of {spec.name!r}.")
    return opened(folder)
