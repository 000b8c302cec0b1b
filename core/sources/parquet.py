"""Cases from a folder with a Parquet file: images as paths, or inside the file."""

from dataclasses import dataclass
from pathlib import Path

from core.contracts import ProgressReporter, WorkspaceSpec
from core.formats.parquet import read_parquet
from core.sources.base import BlobStore, SourceResult
from core.sources.columns import all_columns
from core.sources.reading import assemble
from core.sources.said import with_what_was_said

FILE = "cases.parquet"


@dataclass(frozen=True, slots=True)
class ParquetSource:
    """Reads `source.file` (default cases.parquet) with the columns of a CSV."""

    folder: Path

    def read(self, spec: WorkspaceSpec, blobs: BlobStore, reporter: ProgressReporter) -> SourceResult:
        """Read table and files; see `CaseSource.read`."""
        table = read_parquet(self.folder / (spec.source.file or FILE), all_columns(spec))
        return with_what_was_said(assemble(spec, table, self.folder, blobs, reporter), spec, self.folder)
