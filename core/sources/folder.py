"""Cases from a folder: a CSV and the image files that it names."""

from dataclasses import dataclass
from pathlib import Path

from core.contracts import ProgressReporter, WorkspaceSpec
from core.formats.comma_separated import read_csv
from core.sources.base import BlobStore, SourceResult
from core.sources.reading import assemble
from core.sources.said import with_what_was_said


@dataclass(frozen=True, slots=True)
class FolderSource:
    """Reads `source.csv` in a folder, and the image files that it names, relative to the folder."""

    folder: Path

    def read(self, spec: WorkspaceSpec, blobs: BlobStore, reporter: ProgressReporter) -> SourceResult:
        """Read table and files; see `CaseSource.read`."""
        table = read_csv(self.folder / spec.source.csv)
        return with_what_was_said(assemble(spec, table, self.folder, blobs, reporter), spec, self.folder)
