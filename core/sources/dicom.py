"""Cases from DICOM files: the picture that a person sees, and of the tags only what the workspace asks for."""

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from pydicom.datadict import keyword_dict

from core.contracts import FieldSpec, ProgressReporter, WorkspaceSpec
from core.errors import BadInput, ImportRefused
from core.formats.comma_separated import read_csv
from core.formats.tables import Embedded, Row, RowProblem, Table
from core.media import encode_png
from core.media.dicom import DicomTags, is_dicom, read_pixels, read_tags
from core.media.dicom_age import years
from core.sources.base import BlobStore, SourceResult
from core.sources.cells import CellError, cell_text
from core.sources.columns import ID_COLUMN, all_columns
from core.sources.dicom_identity import is_identifying, is_keyword, pseudonym
from core.sources.files import read_inside
from core.sources.reading import assemble
from core.sources.said import with_what_was_said

FILE_COLUMN = "file"
INDEX = "DICOMDIR"
"""Name of the table of contents of a DICOM disc; it holds no picture."""
AGE = "PatientAge"
BURNED_IN = "BurnedInAnnotation"


@dataclass(slots=True)
class _Remarks:
    """What was left out or odd, counted in files."""

    dropped: Counter[str] = field(default_factory=Counter)
    odd: Counter[str] = field(default_factory=Counter)
    burned_in: int = 0

    def take(self, tags: DicomTags) -> None:
        self.dropped.update(keyword for keyword, text in tags.values.items() if text and is_identifying(keyword))
        if tags.private:
            self.dropped["private tags"] += 1
        self.odd.update(tags.notes)
        self.burned_in += tags.values.get(BURNED_IN) == "YES"

    def notes(self) -> tuple[str, ...]:
        found = [f"pydicom remarked in {_files(count)}: {remark}" for remark, count in self.odd.items()]
        if self.dropped:
            tags = ", ".join(f"{tag} ({count})" for tag, count in sorted(self.dropped.items()))
            found.insert(0, f"Left out, as they could name a person (number of files): {tags}.")
        if self.burned_in:
            found.insert(0, f"Text is burned into the picture of {_files(self.burned_in)}: look before others do.")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class DicomSource:
    """Reads the DICOM files in a folder and its sub-folders, or those that the CSV `source.file` lists.

    - A file in the folder counts when its name ends in .dcm or it has the DICOM mark; the CSV names files in the
      column `file`, and may give `id`, labels, fields and attributes. A `column` that the CSV does not have may be the
      keyword of a tag (`PatientAge` in years, `PatientSex`, `ViewPosition`).
    - What is stored is a PNG of the picture as a person sees it. Tags that could name a person are never stored, and
      listed in the notes; `split.group` may be one of them (`PatientID`): a pseudonym then stands for it.
    - The id of a case is the CSV's `id`, else a pseudonym of the SOP instance UID.
    """

    folder: Path

    def read(self, spec: WorkspaceSpec, blobs: BlobStore, reporter: ProgressReporter) -> SourceResult:
        """Read the files; see `CaseSource.read`."""
        image = _image_field(spec)
        listed = _listed(spec, self.folder)
        _check_columns(spec, image, listed.columns)
        remarks = _Remarks()
        table = _table(spec, image, listed, self.folder.resolve(), remarks)
        found = assemble(spec, table, self.folder, blobs, reporter)
        if not spec.source.file:
            found = replace(found, problems=tuple(_by_file(problem, listed.rows) for problem in found.problems))
        result = with_what_was_said(found, spec, self.folder)
        return replace(result, notes=(*remarks.notes(), *result.notes))


def _image_field(spec: WorkspaceSpec) -> FieldSpec:
    images = [item for item in spec.fields if item.kind == "image"]
    if len(images) != 1:
        raise ImportRefused(
            f'source.kind "dicom" needs one field of kind image, the picture of the file; {spec.name!r} has '
            f"{len(images)}. Change the fields, or import the pictures with a CSV."
        )
    return images[0]


def _listed(spec: WorkspaceSpec, folder: Path) -> Table:
    """Return the CSV, or a table of the files in the folder."""
    if spec.source.file is None:
        names = list(_dicom_names(folder))
        if not names:
            raise ImportRefused(
                f"There is no DICOM file in {folder}. Name the folder that holds them, or a CSV that lists them with "
                "`source.file`."
            )
        rows = tuple(Row(number, {FILE_COLUMN: name}) for number, name in enumerate(names, start=1))
        return Table("the DICOM files", (FILE_COLUMN,), rows, ())
    table = read_csv(folder / spec.source.file)
    if FILE_COLUMN not in table.columns:
        raise ImportRefused(
            f"{table.file}: missing column {FILE_COLUMN!r}, the DICOM file of each case. It has: "
            f"{', '.join(table.columns)}."
        )
    return table


def _dicom_names(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.name == INDEX or path.is_symlink() or not path.is_file():
            continue
        if path.suffix.lower() == ".dcm" or _has_mark(path):
            yield path.relative_to(folder).as_posix()


def _has_mark(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return is_dicom(file.read(132))
    except OSError:
        return False


def _check_columns(spec: WorkspaceSpec, image: FieldSpec, columns: Sequence[str]) -> None:
    """Refuse a column that is neither in the CSV nor a DICOM keyword, and a tag that could name a person."""
    uses = {item.source_column: f"field {item.name}" for item in spec.fields if item != image}
    uses |= {item.source_column: f"attribute {item.name}" for item in spec.attributes}
    targets = {item.source_column: f"target {item.name}" for item in spec.targets}
    for column, use in (uses | targets).items():
        if is_identifying(column):
            raise ImportRefused(
                f"{use}: the DICOM tag {column} could name a person, so it is never stored. Choose another column; "
                "only split.group may be one, as a pseudonym."
            )
    if spec.source.file:
        uses |= targets
    if spec.split.group:
        uses[spec.split.group] = "split.group"
    for column, use in uses.items():
        if column not in columns and not is_keyword(column):
            close = difflib.get_close_matches(column, [*columns, *keyword_dict], n=1)
            raise ImportRefused(
                f"{use}: {column!r} is no DICOM keyword and no column of a CSV{_did_you_mean(close)}. Set `column` in "
                "the workspace file."
            )


def _did_you_mean(close: Sequence[str]) -> str:
    return f", did you mean {close[0]!r}?" if close else ""


def _table(spec: WorkspaceSpec, image: FieldSpec, listed: Table, root: Path, remarks: _Remarks) -> Table:
    """Return the rows with what the workspace asks for; files whose tags can't be read are problems."""
    rows: list[Row] = []
    problems = list(listed.problems)
    seen: dict[object, object] = {}
    for row in listed.rows:
        try:
            name = cell_text(FILE_COLUMN, row.cells[FILE_COLUMN]).strip()
            tags = _tags(root, name, remarks)
            cells = _cells(spec, row.cells, tags)
            if seen.setdefault(cells[ID_COLUMN], name) != name:
                raise CellError(
                    FILE_COLUMN, f"{name!r} has the id of {seen[cells[ID_COLUMN]]!r} already; ids must differ"
                )
        except CellError as error:
            problems.append(RowProblem(row.line, error.column, error.reason))
            continue
        picture = Embedded(name, partial(_picture, root, name))
        rows.append(Row(row.line, {**cells, image.source_column: picture}))
    columns = tuple(sorted({*listed.columns, *all_columns(spec)}))
    return Table(listed.file, columns, tuple(rows), tuple(problems))


def _tags(root: Path, name: str, remarks: _Remarks) -> DicomTags:
    if not name:
        raise CellError(FILE_COLUMN, "is empty; name the DICOM file of the case")
    try:
        tags = read_tags(read_inside(root, name), name)
    except BadInput as error:
        raise CellError(FILE_COLUMN, str(error)) from None
    remarks.take(tags)
    return tags


def _picture(root: Path, name: str) -> bytes:
    return encode_png(read_pixels(read_inside(root, name), name))


def _cells(spec: WorkspaceSpec, given: Mapping[str, object], tags: DicomTags) -> dict[str, object]:
    """Return the CSV's cells, tags where the CSV has no such column, and pseudonyms for picture and patient."""
    cells: dict[str, object] = {column: _tag_cell(column, tags) for column in all_columns(spec)} | dict(given)
    group = spec.split.group
    if group and is_identifying(group) and (patient := cell_text(group, cells[group]).strip()):
        cells[group] = pseudonym(spec.name, spec.split.seed, "group", patient)
    if ID_COLUMN not in given:
        uid = tags.values.get("SOPInstanceUID", "")
        if not uid:
            raise CellError(FILE_COLUMN, "the file has no SOP instance UID; give its `id` in a CSV (`source.file`)")
        cells[ID_COLUMN] = pseudonym(spec.name, spec.split.seed, "picture", uid)
    return cells


def _tag_cell(keyword: str, tags: DicomTags) -> str:
    text = tags.values.get(keyword, "")
    if keyword != AGE or not text:
        return text
    age = years(text)
    return f"{age:g}" if age == age else text


def _by_file(problem: RowProblem, rows: Sequence[Row]) -> RowProblem:
    """Name the file instead of its number in the folder."""
    name = cell_text(FILE_COLUMN, rows[problem.line - 1].cells[FILE_COLUMN])
    reason = problem.reason.removeprefix(f"{name}: ")
    return RowProblem(0, name, reason if reason != problem.reason else f"{problem.column}: {reason}")


def _files(count: int) -> str:
    return f"{count} file" if count == 1 else f"{count} files"
