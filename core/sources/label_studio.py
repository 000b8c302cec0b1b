"""Cases from Label Studio's JSON export: tasks become cases, annotations become verdicts and marks."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qs, unquote

from core.contracts import UNSURE, ProgressReporter, WorkspaceSpec
from core.errors import ImportRefused
from core.formats.label_studio import Task, Tasks, read_tasks
from core.formats.label_studio_results import Result
from core.formats.label_studio_writing import FIELD_MARKS, TASKS
from core.formats.tables import Row, RowProblem, Table
from core.sources.base import BlobStore, SourceResult
from core.sources.cells import CellError, cell_text
from core.sources.columns import ID_COLUMN, all_columns
from core.sources.label_studio_answers import AnswerReader, target_of
from core.sources.reading import assemble
from core.sources.regions import RegionChecker
from core.sources.said import with_what_was_said

NETWORK = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
"""How an address begins that is not one of a file in the folder: https:, s3:, data:, C:."""
SERVED = ("/data/", "data/")
"""How a path begins that Label Studio serves itself."""
SHOWN = 8
"""Keys or choices that a message names."""


@dataclass(frozen=True)
class LabelStudioSource:
    """Reads `source.file` (default tasks.json), the full JSON export or JSON-MIN.

    - Keys of `data` feed fields, attributes and group by their `column`. The id of a case is `data.id`, else the stem
      of its first picture, else the task's number.
    - A picture is looked for in the folder: by its path, else by its name alone. Nothing is ever fetched.
    - Choices become verdicts of who gave them, brushes, shapes and marked words become marks: *ignore* when the label
      is `ignore` or `ignore: NAME`, else *look here*. Cancelled annotations and predictions are left out.
    - The data set's label is `data.COLUMN` where the file has that key, else what its annotations agree on.
    """

    folder: Path

    def read(self, spec: WorkspaceSpec, blobs: BlobStore, reporter: ProgressReporter) -> SourceResult:
        """Read tasks and pictures; see `CaseSource.read`."""
        controls = {name for target in spec.targets for name in (target.name, target.source_column)}
        tasks = read_tasks(self.folder / (spec.source.file or TASKS), frozenset({*controls, *FIELD_MARKS.values()}))
        _refuse_another_task(spec, tasks)
        names: dict[int, str] = {}
        found = assemble(spec, self._table(spec, tasks, names), self.folder, blobs, reporter)
        cases = {case.name: case for case in found.cases}
        reader = AnswerReader(spec, cases, RegionChecker(spec, cases, found.sizes))
        for task in tasks.tasks:
            if names.get(task.number) in cases:
                reader.take(task, names[task.number])
        said = with_what_was_said(found, spec, self.folder)
        return _with_answers(said, tasks, reader)

    def _table(self, spec: WorkspaceSpec, tasks: Tasks, names: dict[int, str]) -> Table:
        """Return a table of the tasks; `names` is told the id of each."""
        rows: list[Row] = []
        problems = list(tasks.problems)
        for task in tasks.tasks:
            try:
                cells = self._cells(spec, task)
            except CellError as error:
                problems.append(RowProblem(task.number, error.column, error.reason))
                continue
            names[task.number] = str(cells[ID_COLUMN])
            rows.append(Row(task.number, cells))
        keys = {key for task in tasks.tasks for key in task.data}
        columns = {ID_COLUMN, *keys, *(target.source_column for target in spec.targets)}
        return Table(tasks.file, tuple(sorted(columns)), tuple(rows), tuple(problems))

    def _cells(self, spec: WorkspaceSpec, task: Task) -> dict[str, object]:
        cells = {column: cell for column, cell in task.data.items() if column in all_columns(spec)}
        pictures = [field.source_column for field in spec.fields if field.kind == "image"]
        for column in pictures:
            cells[column] = self._file(column, cells.get(column))
        for target in spec.targets:
            if target.source_column not in cells:
                cells[target.source_column] = _agreed(spec, task, target.name)
        stems = (PurePosixPath(str(cells[column] or "")).stem for column in pictures)
        given = cell_text(ID_COLUMN, cells.get(ID_COLUMN)).strip()
        return cells | {ID_COLUMN: given or next(filter(None, stems), "") or f"task {task.id}"}

    def _file(self, column: str, cell: object) -> str | None:
        """Return where a picture lies in the folder, or its name as it was given when it does not."""
        given = cell_text(column, cell).strip()
        if not given:
            return None
        path = _path_of(given)
        places = self._places.get(path.name, ())
        if path.as_posix() in places:
            return path.as_posix()
        if len(places) == 1:
            return places[0]
        if places:
            raise CellError(column, f"{path.name!r} lies in the folder {len(places)} times: {', '.join(places[:3])}")
        if NETWORK.match(given):
            raise CellError(
                column, f"{given[:60]!r} is an address, and nothing is fetched; put {path.name[:60]!r} into the folder"
            )
        return path.name if given.startswith(SERVED) else given

    @cached_property
    def _places(self) -> Mapping[str, tuple[str, ...]]:
        """Name of a file -> where it lies in the folder; links are left out."""
        places: dict[str, tuple[str, ...]] = {}
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                places[path.name] = (*places.get(path.name, ()), path.relative_to(self.folder).as_posix())
        return places


def _path_of(given: str) -> PurePosixPath:
    """Return the path that Label Studio's way of naming a file holds."""
    if given.startswith(SERVED) or NETWORK.match(given):
        path, _, query = given.partition("#")[0].partition("?")
        return PurePosixPath(parse_qs(query).get("d", [""])[0] or unquote(path))
    return PurePosixPath(given)


def _agreed(spec: WorkspaceSpec, task: Task, target: str) -> str:
    """Return the label that the annotations of a task agree on: those marked as truth, where there are any."""
    truths = [annotation for annotation in task.annotations if annotation.truth]
    given = {
        result.labels[0]
        for annotation in truths or task.annotations
        for result in annotation.results
        if result.own.get("mark") is None and target_of(spec, result) == target and result.labels[0] != UNSURE
    }
    return given.pop() if len(given) == 1 else ""


def _refuse_another_task(spec: WorkspaceSpec, tasks: Tasks) -> None:
    keys = sorted({key for task in tasks.tasks for key in task.data})
    wanted = sorted({field.source_column for field in spec.fields})
    if not set(keys) & set(wanted):
        raise ImportRefused(
            f"{tasks.file} is of another task: its data have {_listed(keys)}; {spec.name!r} reads {_listed(wanted)}. "
            "Export the right project, or set `column` in the workspace file."
        )
    choices = list(_choices(tasks))
    if choices and all(target_of(spec, result) is None for result in choices):
        known = [f"{target.name} ({', '.join(target.classes)})" for target in spec.targets]
        got = sorted({f"{result.control} ({', '.join(result.labels)})" for result in choices})
        raise ImportRefused(
            f"{tasks.file} is of another task: its choices are {_listed(got)}; {spec.name!r} asks for "
            f"{_listed(known)}. Export the right project, or change the targets of the workspace file."
        )


def _choices(tasks: Tasks) -> Iterator[Result]:
    for task in tasks.tasks:
        for annotation in task.annotations:
            for result in annotation.results:
                if not result.is_mark and result.labels and result.control not in FIELD_MARKS.values():
                    yield result


def _listed(names: list[str]) -> str:
    shown = ", ".join(name[:60] for name in names[:SHOWN]) or "nothing"
    return shown if len(names) <= SHOWN else f"{shown} and {len(names) - SHOWN} more"


def _with_answers(said: SourceResult, tasks: Tasks, reader: AnswerReader) -> SourceResult:
    """Return what the tables beside the tasks say, and what the tasks say."""
    predictions = sum(task.predictions for task in tasks.tasks)
    left_out = f"{predictions} predictions in {tasks.file} were left out; our own are made anew."
    return replace(
        said,
        problems=tuple(sorted((*said.problems, *reader.problems), key=lambda problem: problem.line)),
        regions=(*reader.regions, *said.regions),
        verdicts=(*reader.verdicts, *said.verdicts),
        notes=(*said.notes, left_out) if predictions else said.notes,
    )
