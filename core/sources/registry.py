"""Which source reads which kind of workspace."""

from collections.abc import Callable, Mapping
from pathlib import Path

from core.contracts import WorkspaceSpec
from core.errors import ImportRefused
from core.sources.base import CaseSource
from core.sources.folder import FolderSource
from core.sources.package import PackageSource


def _folder(folder: Path | None) -> CaseSource:
    if folder is None:
        raise ImportRefused("This workspace reads its cases from a folder. Name the folder that holds its CSV.")
    return FolderSource(folder)


def _package(_folder: Path | None) -> CaseSource:
    return PackageSource()


SOURCES: Mapping[str, Callable[[Path | None], CaseSource]] = {"folder": _folder, "package": _package}
"""`source.kind` -> how to open it; the folder is None where the person named none."""


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
        When the workspace reads a folder and none was named.
    """
    return SOURCES[spec.source.kind](folder)
