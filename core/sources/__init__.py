"""Where cases come from: workspace files, package data sets, folders in several formats."""

from core.sources.base import (
    BlobStore,
    CaseSource,
    RowProblem,
    SourceRegion,
    SourceResult,
    SourceVerdict,
    content_hash,
    split_of,
)
from core.sources.decoy_digits import patch_box, shade_of
from core.sources.registry import SOURCES, source_of
from core.sources.workspace_file import load_workspace, parse_workspace

__all__ = [
    "SOURCES",
    "BlobStore",
    "CaseSource",
    "RowProblem",
    "SourceRegion",
    "SourceResult",
    "SourceVerdict",
    "content_hash",
    "load_workspace",
    "parse_workspace",
    "patch_box",
    "shade_of",
    "source_of",
    "split_of",
]
