"""Cases from data sets that come in an installed package."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from core.contracts import FieldValue, Progress, ProgressReporter, WorkspaceSpec
from core.errors import ImportRefused
from core.sources import arrests, decoy_digits, radiology_reports
from core.sources.base import BlobStore, RowProblem, SourceResult, split_of
from core.sources.package_data import PackageCase, PackageDataset
from core.sources.rows import CellError, RowParts, build_case, parse_row
from core.sources.table import require_columns

CHUNK = 500
"""Cases whose files are in memory at the same time."""

DATASETS: Mapping[str, PackageDataset] = {
    dataset.name: dataset
    for dataset in (
        PackageDataset("decoy-digits", decoy_digits.COLUMNS, 5000, decoy_digits.decoy_digits),
        PackageDataset("arrests", arrests.COLUMNS, arrests.SIZE, arrests.arrests, (arrests.GROUP,)),
        PackageDataset(
            "radiology-reports",
            radiology_reports.COLUMNS,
            radiology_reports.SIZE,
            radiology_reports.radiology_reports,
            (radiology_reports.GROUP,),
            (radiology_reports.NOTE,),
        ),
    )
}
"""Every data set that `source.dataset` may name."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """A case whose files are stored; its split is still to be told."""

    parts: RowParts
    fields: tuple[FieldValue, ...]


class PackageSource:
    """Reads the data set that `source.dataset` names: columns as a CSV would have them.

    A case is its own group unless the data set has a column that `split.group` may name. A case without any label
    waits for people: it goes to the pool, unless its group has labelled cases, whose split it shares.
    """

    def read(self, spec: WorkspaceSpec, blobs: BlobStore, reporter: ProgressReporter) -> SourceResult:
        """Read the data set; see `CaseSource.read`."""
        dataset = _dataset(spec)
        drafts: list[_Draft] = []
        problems: list[RowProblem] = []
        found = dataset.read(spec.split)
        while chunk := list(itertools.islice(found, CHUNK)):
            reporter.report(Progress("read the data set", len(drafts), dataset.size, dataset.name))
            for result in _drafts(spec, chunk, blobs):
                if isinstance(result, _Draft):
                    drafts.append(result)
                else:
                    problems.append(result)
        reporter.report(Progress("read the data set", len(drafts), dataset.size, dataset.name))
        labelled = {draft.parts.group for draft in drafts if draft.parts.labels}
        cases = tuple(
            build_case(
                draft.parts,
                draft.fields,
                split_of(spec.split.seed, draft.parts.group, spec.split) if draft.parts.group in labelled else "pool",
            )
            for draft in drafts
        )
        return SourceResult(cases, tuple(problems), notes=dataset.notes)


def _dataset(spec: WorkspaceSpec) -> PackageDataset:
    name = spec.source.dataset or ""
    if name not in DATASETS:
        raise ImportRefused(f"There is no package data set {name!r}; known: {', '.join(DATASETS)}.")
    dataset = DATASETS[name]
    if spec.split.group is not None and spec.split.group not in dataset.groups:
        may = f"Use {' or '.join(dataset.groups)}, or remove the key" if dataset.groups else "Remove the key"
        raise ImportRefused(
            f"split.group: got {spec.split.group!r}, which does not group the cases of data set {name}. {may}."
        )
    wanted = [(field.source_column, f"field {field.name}") for field in spec.fields if field.required]
    wanted += [(target.source_column, f"target {target.name}") for target in spec.targets]
    wanted += [(attribute.source_column, f"attribute {attribute.name}") for attribute in spec.attributes]
    require_columns(f"data set {name}", dataset.columns, wanted)
    return dataset


def _drafts(spec: WorkspaceSpec, chunk: list[PackageCase], blobs: BlobStore) -> Iterator[_Draft | RowProblem]:
    keys = iter(blobs.put_many(data for case in chunk for data in case.files.values()))
    for case in chunk:
        stored = {column: next(keys) for column in case.files}
        try:
            parts = parse_row(spec, {**case.cells, **stored}, case.name)
        except CellError as error:
            yield RowProblem(0, error.column, f"case {case.name}: {error.reason}")
            continue
        yield _Draft(parts, _with_blobs(spec, parts, stored))


def _with_blobs(spec: WorkspaceSpec, parts: RowParts, stored: Mapping[str, str]) -> tuple[FieldValue, ...]:
    columns = {field.name: field.source_column for field in spec.fields if field.kind == "image"}
    return tuple(
        replace(value, blob=stored[columns[value.field]], text=None) if columns.get(value.field) in stored else value
        for value in parts.fields
    )
