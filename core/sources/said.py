"""What was said of the cases before they came here: verdicts, marks and reads in CSV files beside the table."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar, cast, get_args

from core.contracts import UNSURE, Confidence, MarkKind, NewCase, Stance, WorkspaceSpec
from core.errors import BadInput
from core.formats.comma_separated import read_csv
from core.formats.tables import Row, RowProblem
from core.sources.base import SourceRead, SourceRegion, SourceResult, SourceVerdict
from core.sources.cells import CellError, cell_number, cell_text, one_of
from core.sources.files import read_inside
from core.sources.reading import Assembled
from core.sources.regions import RegionChecker
from core.sources.table import require_columns

VERDICT_COLUMNS = ("case", "target", "actor", "label")
READ_COLUMNS = ("case", "target", "actor", "label")
REGION_COLUMNS = ("case", "target", "actor", "field", "kind")
LONGEST_COMMENT = 10_000
"""Characters that a comment may have."""
LONGEST_ACTOR = 200
"""Characters that the id of an actor may have."""
SPAN = re.compile(r"(\d+):(\d+)")
Said = TypeVar("Said", SourceVerdict, SourceRegion, SourceRead)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads rows of verdicts, marks and reads on the cases that came with them."""

    spec: WorkspaceSpec
    cases: Mapping[str, NewCase]
    checker: RegionChecker
    root: Path

    def verdict(self, row: Row) -> SourceVerdict:
        """Return the verdict that a row tells."""
        case, target, actor = self._identity(row)
        return SourceVerdict(
            case=case,
            target=target,
            label=self._label(row, target),
            actor=actor,
            stance=cast(Stance, _word(row, "stance", Stance, "agree")),
            confidence=cast(Confidence, _word(row, "confidence", Confidence, "certain")),
            comment=_comment(row),
            version=_cell(row, "version") or None,
            at=_cell(row, "at"),
        )

    def read(self, row: Row) -> SourceRead:
        """Return the read that a row tells."""
        case, target, actor = self._identity(row)
        if actor is None:
            raise CellError("actor", "is empty; wanted who read the case")
        seconds = _cell(row, "seconds")
        return SourceRead(
            case=case,
            target=target,
            actor=actor,
            label=self._label(row, target),
            confidence=cast(Confidence, _word(row, "confidence", Confidence, "certain")),
            seconds=cell_number("seconds", seconds) if seconds else None,
        )

    def region(self, row: Row) -> SourceRegion:
        """Return the mark that a row tells."""
        case, target, actor = self._identity(row)
        mask = _cell(row, "mask")
        try:
            png = read_inside(self.root, mask) if mask else None
        except BadInput as error:
            raise CellError("mask", str(error)) from None
        return self.checker.checked(
            SourceRegion(
                case=case,
                field=_cell(row, "field"),
                kind=cast(MarkKind, _word(row, "kind", MarkKind, "")),
                artefact=_cell(row, "artefact") or None,
                mask=png,
                names=tuple(_cell(row, "names").split()),
                spans=spans_of(_cell(row, "spans")),
                actor=actor,
                target=target,
            )
        )

    def _label(self, row: Row, target: str) -> str:
        label = one_of("label", _cell(row, "label"), (*self.spec.target(target).classes, UNSURE), "label")
        if not label:
            raise CellError("label", "is empty; wanted a label")
        return label

    def _identity(self, row: Row) -> tuple[str, str, str | None]:
        case = _cell(row, "case")
        if case not in self.cases:
            raise CellError("case", f"{case[:40]!r} is none of the cases that came with it")
        targets = tuple(target.name for target in self.spec.targets)
        actor = _cell(row, "actor")
        if len(actor) > LONGEST_ACTOR or not actor.isprintable():
            raise CellError("actor", f"wanted at most {LONGEST_ACTOR} printable characters")
        return case, one_of("target", _cell(row, "target"), targets, "target") or targets[0], actor or None


def with_what_was_said(found: Assembled, spec: WorkspaceSpec, folder: Path) -> SourceResult:
    """Return cases with the verdicts, marks and reads of the files that `source` names.

    Rows that can't be used are problems, named by file and line.

    Raises
    ------
    ImportRefused
        When a file that is named is missing or is no table of its kind.
    """
    cases = {case.name: case for case in found.cases}
    reader = _Reader(spec, cases, RegionChecker(spec, cases, found.sizes), folder.resolve())
    problems = list(found.problems)
    verdicts = _read(folder, spec.source.verdicts, VERDICT_COLUMNS, reader.verdict, problems)
    regions = _read(folder, spec.source.regions, REGION_COLUMNS, reader.region, problems)
    reads = _read(folder, spec.source.reads, READ_COLUMNS, reader.read, problems)
    return SourceResult(found.cases, tuple(problems), regions, verdicts, reads=reads)


def _read(
    folder: Path,
    name: str | None,
    wanted: tuple[str, ...],
    read: Callable[[Row], Said],
    problems: list[RowProblem],
) -> tuple[Said, ...]:
    """Return what the rows of a file say; those that can't be used are added to `problems`."""
    if name is None:
        return ()
    table = read_csv(folder / name, may_be_empty=True)
    require_columns(table.file, table.columns, [(column, "what was said of the cases") for column in wanted])
    problems.extend(RowProblem(p.line, f"{table.file} {p.column}".strip(), p.reason) for p in table.problems)
    said: list[Said] = []
    for row in table.rows:
        try:
            said.append(read(row))
        except CellError as error:
            problems.append(RowProblem(row.line, f"{table.file} {error.column}", error.reason))
    return tuple(said)


def _comment(row: Row) -> str:
    comment = cell_text("comment", row.cells.get("comment"))
    if len(comment) > LONGEST_COMMENT:
        raise CellError("comment", f"has {len(comment):,} characters; at most {LONGEST_COMMENT:,} are kept. Shorten it")
    return comment


def _cell(row: Row, column: str) -> str:
    return str(row.cells.get(column) or "").strip()


def _word(row: Row, column: str, vocabulary: object, default: Literal["agree", "certain", ""]) -> str:
    word = one_of(column, _cell(row, column), get_args(vocabulary), column) or default
    if not word:
        raise CellError(column, f"is empty; wanted one of {', '.join(get_args(vocabulary))}")
    return word


def spans_of(text: str) -> tuple[tuple[int, int], ...]:
    """Return the spans that `3:9 14:20` means.

    Raises
    ------
    CellError
        When it means none.
    """
    found = [SPAN.fullmatch(part) for part in text.split()]
    if None in found:
        raise CellError("spans", f"{text[:40]!r} are no spans; wanted start:end of code points, separated by spaces")
    return tuple((int(match[1]), int(match[2])) for match in found if match)
