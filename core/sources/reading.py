"""From a table to cases: rows are read, their files loaded and checked, splits given. All folder formats end here."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from core.contracts import FieldValue, NewCase, Progress, ProgressReporter, Split, WorkspaceSpec
from core.errors import BadInput
from core.formats.tables import Embedded, Row, RowProblem, Table
from core.media import decode_image
from core.sources.base import BlobStore, split_of
from core.sources.cells import CellError, cell_text
from core.sources.columns import ID_COLUMN, declared_split, wanted_columns
from core.sources.files import read_inside
from core.sources.rows import EMBEDDED, RowParts, build_case, parse_row
from core.sources.table import require_columns

CHUNK = 64
"""Rows whose files are in memory at the same time."""
THREADS = 4
Size = tuple[int, int]
"""Width and height of an upright image in pixels."""


@dataclass(frozen=True, slots=True)
class Assembled:
    """The cases of a table, the rows that can't be used, and how large each image is: (case, field) -> size."""

    cases: tuple[NewCase, ...]
    problems: tuple[RowProblem, ...]
    sizes: Mapping[tuple[str, str], Size]


@dataclass(frozen=True, slots=True)
class _Draft:
    """A row that is sound so far; its files are still to be read."""

    row: Row
    parts: RowParts


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A draft, the bytes of its files by field, and the size of each."""

    draft: _Draft
    files: Mapping[str, bytes]
    sizes: Mapping[str, Size]


def assemble(
    spec: WorkspaceSpec, table: Table, folder: Path, blobs: BlobStore, reporter: ProgressReporter
) -> Assembled:
    """Read all rows of a table and the files that they name, relative to `folder`.

    The id of a case is the column `id`, else the stem of the file in its first image field. A row without any label
    is a case that waits for people: it goes to the pool, unless its group has labelled rows, whose split it shares,
    or the table itself says the split. Original bytes are stored, each image is decoded once to make sure that it
    can be.

    Raises
    ------
    ImportRefused
        When a column is missing.
    Cancelled
        When the reporter says that somebody asked to stop.
    """
    require_columns(table.file, table.columns, wanted_columns(spec, table.columns))
    drafts, splits, problems = _drafts(spec, table)
    labelled = {draft.parts.group for draft in drafts if draft.parts.labels}
    cases: list[NewCase] = []
    sizes: dict[tuple[str, str], Size] = {}
    for loaded, fields in _stored(spec, drafts, folder.resolve(), blobs, reporter):
        if isinstance(loaded, RowProblem):
            problems.append(loaded)
            continue
        parts = loaded.draft.parts
        by_hash = split_of(spec.split.seed, parts.group, spec.split) if parts.group in labelled else "pool"
        cases.append(build_case(parts, fields, splits.get(parts.group, by_hash)))
        sizes.update(((parts.name, field), size) for field, size in loaded.sizes.items())
    return Assembled(tuple(cases), tuple(sorted(problems, key=lambda problem: problem.line)), sizes)


def _drafts(spec: WorkspaceSpec, table: Table) -> tuple[list[_Draft], dict[str, Split], list[RowProblem]]:
    """Read all rows; a row whose id an earlier one has used is a problem, even if the earlier one is unusable."""
    drafts: list[_Draft] = []
    problems = list(table.problems)
    first_line: dict[str, int] = {}
    splits: dict[str, Split] = {}
    for row in table.rows:
        try:
            name = _name(spec, row)
            if name in first_line:
                other = f"line {first_line[name]}" if row.line else "another file"
                raise CellError(ID_COLUMN, f"{name!r} is the id of {other} already; ids must differ")
            first_line[name] = row.line
            parts = parse_row(spec, row.cells, name)
            split = declared_split(spec, row.cells, parts.group, splits)
        except CellError as error:
            problems.append(RowProblem(row.line, error.column, error.reason))
            continue
        drafts.append(_Draft(row, parts))
        if split is not None:
            splits[parts.group] = split
    return drafts, splits, problems


def _name(spec: WorkspaceSpec, row: Row) -> str:
    if ID_COLUMN in row.cells:
        name = cell_text(ID_COLUMN, row.cells[ID_COLUMN]).strip()
        if not name:
            raise CellError(ID_COLUMN, "is empty; each case needs an id")
        return name
    column = next((field.source_column for field in spec.fields if field.kind == "image"), None)
    if column is None:
        raise CellError(ID_COLUMN, "is missing; each case needs an id")
    cell = row.cells.get(column)
    name = Path(cell.name if isinstance(cell, Embedded) else cell_text(column, cell).strip()).stem
    if not name:
        raise CellError(column, "is empty, and without a column `id` the file's name is the id of the case")
    return name


def _stored(
    spec: WorkspaceSpec, drafts: Sequence[_Draft], root: Path, blobs: BlobStore, reporter: ProgressReporter
) -> Iterator[tuple[_Loaded | RowProblem, tuple[FieldValue, ...]]]:
    """Yield each draft with its stored fields, or what is wrong with one of its files."""
    images = {field.name: field.source_column for field in spec.fields if field.kind == "image"}
    done, rest = 0, iter(drafts)
    with ThreadPoolExecutor(THREADS) as pool:
        while chunk := list(itertools.islice(rest, CHUNK)):
            reporter.report(Progress("read the files", done, len(drafts), f"{done} of {len(drafts)} cases"))
            loaded = list(pool.map(lambda draft: _load(root, images, draft), chunk))
            yield from _put(loaded, blobs)
            done += len(chunk)
    reporter.report(Progress("read the files", done, len(drafts), f"{done} of {len(drafts)} cases"))


def _load(root: Path, images: Mapping[str, str], draft: _Draft) -> _Loaded | RowProblem:
    files: dict[str, bytes] = {}
    sizes: dict[str, Size] = {}
    for value in draft.parts.fields:
        if value.field not in images or value.text is None:
            continue
        column = images[value.field]
        try:
            cell = draft.row.cells[column]
            data = cell.read() if isinstance(cell, Embedded) else read_inside(root, value.text)
            pixels = decode_image(data, EMBEDDED if isinstance(cell, Embedded) and not cell.name else value.text)
        except BadInput as error:
            return RowProblem(draft.row.line, column, str(error))
        files[value.field], sizes[value.field] = data, (pixels.width, pixels.height)
    return _Loaded(draft, files, sizes)


def _put(
    loaded: Sequence[_Loaded | RowProblem], blobs: BlobStore
) -> Iterator[tuple[_Loaded | RowProblem, tuple[FieldValue, ...]]]:
    """Store the files of a chunk in one call and put the hashes where they belong."""
    keys = iter(blobs.put_many(data for item in loaded if isinstance(item, _Loaded) for data in item.files.values()))
    for item in loaded:
        yield item, () if isinstance(item, RowProblem) else _with_blobs(item, keys)


def _with_blobs(item: _Loaded, keys: Iterable[str]) -> tuple[FieldValue, ...]:
    stored = dict(zip(item.files, keys, strict=False))
    return tuple(
        replace(value, blob=stored[value.field], text=None) if value.field in stored else value
        for value in item.draft.parts.fields
    )
