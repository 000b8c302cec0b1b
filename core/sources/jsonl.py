"""Cases from a folder with a file of JSON lines."""

from dataclasses import dataclass
from pathlib import Path

from core.contracts import ProgressReporter, WorkspaceSpec
from core.formats.json_lines import read_json_lines
from core.sources.base import BlobStore, SourceResult
from core.sources.reading import assemble
from core.sources.said import with_what_was_said

FILE = "cases.jsonl"


@dataclass(frozen=True, slots=True)
class JsonLinesSource:
    """Reads `source.file` (default cases.jsonl): one object a line, with the columns of a CSV as its keys."""

    folder: Path

    def read(self, spec: WorkspaceSpec, blobs: BlobStore, reporter: ProgressReporter) -> SourceResult:
        """Read table and files; see `CaseSource.read`."""
        table = read_json_lines(self.folder / (spec.source.file or FILE))
        return with_what_was_said(assemble(spec, table, self.folder, blobs, reporter), spec, self.folder)
