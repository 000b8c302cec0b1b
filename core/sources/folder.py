"""Cases from a folder: a CSV and the image files that it names."""

import itertools
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from core.contracts import FieldValue, NewCase, Progress, ProgressReporter, WorkspaceSpec
from core.errors import BadInput, ImportRefused
from core.media import decode_image
from core.sources.base import BlobStore, RowProblem, SourceResult, split_of
from core.sources.rows import CellError, RowParts, build_case, parse_row
from core.sources.table import Row, Table, read_table, require_columns

ID_COLUMN = "id"
CHUNK = 64
"""Rows whose files are in memory at the same time."""
THREADS = 4
LARGEST_FILE = 256 * 1024 * 1024
"""Bytes that an image file may have."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """A row that is sound so far; its files are still to be read."""

    line: int
    parts: RowParts


@dataclass(frozen=True, slots=True)
class FolderSource:
    """Reads `source.csv` in a folder, and the image files that it names, relative to the folder.

    The id of a case is the column `id`, else the stem of the file in its first image field. A row without any label
    is a case that waits for people: it goes to the pool, unless its group has labelled rows, whose split it shares.
    Original bytes are stored, each image is decoded once to make sure that it can be.
    """

    folder: Path

    def read(self, spec: WorkspaceSpec, blobs: BlobStore, reporter: ProgressReporter) -> SourceResult:
        """Read table and files; see `CaseSource.read`."""
        if not self.folder.is_dir():
            raise ImportRefused(f"{self.folder} is no folder. Name the folder that holds {spec.source.csv}.")
        table = read_table(self.folder / spec.source.csv)
        require_columns(table.file, table.columns, _wanted_columns(spec, table))
        drafts, problems = _drafts(spec, table)
        labelled = {draft.parts.group for draft in drafts if draft.parts.labels}
        cases: list[NewCase] = []
        for fields_or_problem, draft in self._files(spec, drafts, blobs, reporter):
            if isinstance(fields_or_problem, RowProblem):
                problems.append(fields_or_problem)
                continue
            group = draft.parts.group
            split = split_of(spec.split.seed, group, spec.split) if group in labelled else "pool"
            cases.append(build_case(draft.parts, fields_or_problem, split))
        return SourceResult(tuple(cases), tuple(sorted(problems, key=lambda problem: problem.line)))

    def _files(
        self, spec: WorkspaceSpec, drafts: list[_Draft], blobs: BlobStore, reporter: ProgressReporter
    ) -> Iterator[tuple[tuple[FieldValue, ...] | RowProblem, _Draft]]:
        """Yield each draft with its stored fields, or with what is wrong with one of its files."""
        images = {field.name: field.source_column for field in spec.fields if field.kind == "image"}
        root = self.folder.resolve()
        done = 0
        with ThreadPoolExecutor(THREADS) as pool:
            for chunk in _chunks(drafts):
                reporter.report(Progress("read the files", done, len(drafts), f"{done} of {len(drafts)} cases"))
                loaded = list(pool.map(lambda draft: _load(root, images, draft), chunk))
                yield from zip(_store(loaded, blobs), chunk, strict=True)
                done += len(chunk)
        reporter.report(Progress("read the files", done, len(drafts), f"{done} of {len(drafts)} cases"))


def _wanted_columns(spec: WorkspaceSpec, table: Table) -> list[tuple[str, str]]:
    wanted = [(field.source_column, f"field {field.name}") for field in spec.fields if field.required]
    wanted += [(target.source_column, f"target {target.name}") for target in spec.targets]
    wanted += [(attribute.source_column, f"attribute {attribute.name}") for attribute in spec.attributes]
    if spec.split.group is not None:
        wanted.append((spec.split.group, "split.group"))
    if ID_COLUMN not in table.columns and all(field.kind != "image" for field in spec.fields):
        wanted.append((ID_COLUMN, "the id of each case, as no field is a file whose name could be it"))
    return wanted


def _drafts(spec: WorkspaceSpec, table: Table) -> tuple[list[_Draft], list[RowProblem]]:
    """Read all rows; a row whose id an earlier one has used is a problem, even if the earlier one is unusable."""
    drafts: list[_Draft] = []
    problems = list(table.problems)
    first_line: dict[str, int] = {}
    for row in table.rows:
        try:
            name = _name(spec, row)
            if name in first_line:
                raise CellError(ID_COLUMN, f"{name!r} is the id of line {first_line[name]} already; ids must differ")
            first_line[name] = row.line
            drafts.append(_Draft(row.line, parse_row(spec, row.cells, name)))
        except CellError as error:
            problems.append(RowProblem(row.line, error.column, error.reason))
    return drafts, problems


def _name(spec: WorkspaceSpec, row: Row) -> str:
    if ID_COLUMN in row.cells:
        name = row.cells[ID_COLUMN].strip()
        if not name:
            raise CellError(ID_COLUMN, "is empty; each case needs an id")
        return name
    column = next(field.source_column for field in spec.fields if field.kind == "image")
    name = Path(row.cells.get(column, "").strip()).stem
    if not name:
        raise CellError(column, "is empty, and without a column `id` the file's name is the id of the case")
    return name


def _chunks(drafts: list[_Draft]) -> Iterator[list[_Draft]]:
    rest = iter(drafts)
    while chunk := list(itertools.islice(rest, CHUNK)):
        yield chunk


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A draft's fields, and the bytes of those that are files."""

    fields: tuple[FieldValue, ...]
    files: tuple[tuple[str, bytes], ...]


def _load(root: Path, images: dict[str, str], draft: _Draft) -> _Loaded | RowProblem:
    files: list[tuple[str, bytes]] = []
    for value in draft.parts.fields:
        if value.field in images and value.text is not None:
            try:
                files.append((value.field, _read_image(root, value.text)))
            except BadInput as error:
                return RowProblem(draft.line, images[value.field], str(error))
    return _Loaded(draft.parts.fields, tuple(files))


def _read_image(root: Path, name: str) -> bytes:
    """Return the bytes of an image file inside `root` that can be decoded."""
    data = _read_inside(root, name)
    decode_image(data, name)
    return data


def _read_inside(root: Path, name: str) -> bytes:
    try:
        path = (root / name).resolve()
        if Path(name).is_absolute() or not path.is_relative_to(root):
            raise BadInput(f"{name!r} lies outside the folder; only files inside it are read")
        if not path.is_file():
            raise BadInput(f"{name!r} is no file in the folder")
        if path.stat().st_size > LARGEST_FILE:
            raise BadInput(f"{name!r} has {path.stat().st_size:,} bytes; at most {LARGEST_FILE:,} are read")
        return path.read_bytes()
    except (OSError, ValueError, RuntimeError) as error:
        raise BadInput(f"{name!r} can't be read ({error})") from None


def _store(loaded: Iterable[_Loaded | RowProblem], blobs: BlobStore) -> list[tuple[FieldValue, ...] | RowProblem]:
    """Store the files of a chunk in one call and put the hashes where they belong."""
    items = list(loaded)
    keys = iter(blobs.put_many(data for item in items if isinstance(item, _Loaded) for _, data in item.files))
    return [item if isinstance(item, RowProblem) else _with_blobs(item, keys) for item in items]


def _with_blobs(item: _Loaded, keys: Iterator[str]) -> tuple[FieldValue, ...]:
    stored = {field: next(keys) for field, _ in item.files}
    return tuple(
        replace(value, blob=stored[value.field], text=None) if value.field in stored else value for value in item.fields
    )
