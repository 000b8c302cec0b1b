"""Cases from data sets that come in an installed package."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace

from core.contracts import NewCase, Progress, ProgressReporter, WorkspaceSpec
from core.errors import ImportRefused
from core.sources import decoy_digits
from core.sources.base import BlobStore, RowProblem, SourceResult, split_of
from core.sources.package_data import PackageCase, PackageDataset
from core.sources.rows import CellError, RowParts, build_case, parse_row
from core.sources.table import require_columns

CHUNK = 500
"""Cases whose files are in memory at the same time."""

DATASETS: Mapping[str, PackageDataset] = {
    "decoy-digits": PackageDataset("decoy-digits", decoy_digits.COLUMNS, 5000, decoy_digits.decoy_digits)
}
"""Every data set that `source.dataset` may name."""


class PackageSource:
    """Reads the data set that `source.dataset` names: columns as a CSV would have them, each case its own group."""

    def read(self, spec: WorkspaceSpec, blobs: BlobStore, reporter: ProgressReporter) -> SourceResult:
        """Read the data set; see `CaseSource.read`."""
        dataset = _dataset(spec)
        cases: list[NewCase] = []
        problems: list[RowProblem] = []
        found = dataset.read(spec.split)
        while chunk := list(itertools.islice(found, CHUNK)):
            reporter.report(Progress("read the data set", len(cases), dataset.size, dataset.name))
            for result in _cases(spec, chunk, blobs):
                if isinstance(result, NewCase):
                    cases.append(result)
                else:
                    problems.append(result)
        reporter.report(Progress("read the data set", len(cases), dataset.size, dataset.name))
        return SourceResult(tuple(cases), tuple(problems))


def _dataset(spec: WorkspaceSpec) -> PackageDataset:
    name = spec.source.dataset or ""
    if name not in DATASETS:
        raise ImportRefused(f"There is no package data set {name!r}; known: {', '.join(DATASETS)}.")
    if spec.split.group is not None:
        raise ImportRefused(f"split.group: in data set {name} each case is its own group. Remove the key.")
    dataset = DATASETS[name]
    wanted = [(field.source_column, f"field {field.name}") for field in spec.fields if field.required]
    wanted += [(target.source_column, f"target {target.name}") for target in spec.targets]
    wanted += [(attribute.source_column, f"attribute {attribute.name}") for attribute in spec.attributes]
    require_columns(f"data set {name}", dataset.columns, wanted)
    return dataset


def _cases(spec: WorkspaceSpec, chunk: list[PackageCase], blobs: BlobStore) -> Iterator[NewCase | RowProblem]:
    keys = iter(blobs.put_many(data for case in chunk for data in case.files.values()))
    for case in chunk:
        stored = {column: next(keys) for column in case.files}
        try:
            parts = parse_row(spec, {**case.cells, **stored}, case.name)
        except CellError as error:
            yield RowProblem(0, error.column, f"case {case.name}: {error.reason}")
            continue
        yield _with_blobs(spec, parts, stored)


def _with_blobs(spec: WorkspaceSpec, parts: RowParts, stored: Mapping[str, str]) -> NewCase:
    columns = {field.name: field.source_column for field in spec.fields if field.kind == "image"}
    fields = tuple(
        replace(value, blob=stored[columns[value.field]], text=None) if columns.get(value.field) in stored else value
        for value in parts.fields
    )
    return build_case(parts, fields, split_of(spec.split.seed, parts.group, spec.split))
