"""From one row of a table to the parts of a case: fields, labels, attributes, group."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from core.contracts import AttributeSpec, FieldSpec, FieldValue, NewCase, Split, TargetSpec, WorkspaceSpec
from core.formats.tables import Embedded
from core.sources.base import content_hash
from core.sources.cells import LONGEST_TEXT, CellError, cell_number, cell_text, number_text, one_of

__all__ = [
    "CellError",
    "RowParts",
    "attribute_of",
    "bin_name",
    "build_case",
    "field_value",
    "label_of",
    "parse_row",
]

LONGEST_NAME = 200
"""Characters that the id of a case may have."""
EMBEDDED = "file"
"""What `RowParts` holds in place of the name of a file that lies in the table and has none."""


@dataclass(frozen=True, slots=True)
class RowParts:
    """A row, read and checked; image fields still hold the file's name in `text`."""

    name: str
    group: str
    fields: tuple[FieldValue, ...]
    labels: Mapping[str, str]
    attributes: Mapping[str, str]


def parse_row(spec: WorkspaceSpec, row: Mapping[str, object], name: str) -> RowParts:
    """Read one row of a table by what the workspace declares.

    Parameters
    ----------
    spec : WorkspaceSpec
        Fields, targets, attributes and group column.
    row : mapping of str to object
        Column -> cell as `core.formats.tables.Row` has it; a column that is absent counts as empty.
    name : str
        The id of the case.

    Raises
    ------
    CellError
        At the first cell that can't be used, or when no field has a value.
    """
    parts = RowParts(
        name=_checked_name(name),
        group=_group(spec, row, name),
        fields=tuple(field_value(field, row.get(field.source_column)) for field in spec.fields),
        labels={
            target.name: label for target in spec.targets if (label := label_of(target, row.get(target.source_column)))
        },
        attributes={
            attribute.name: value
            for attribute in spec.attributes
            if (value := attribute_of(attribute, row.get(attribute.source_column)))
        },
    )
    if all(value.number is None and value.text is None for value in parts.fields):
        columns = ", ".join(field.source_column for field in spec.fields)
        raise CellError(spec.fields[0].source_column, f"no field has a value; wanted at least one of {columns}")
    return parts


def build_case(parts: RowParts, fields: tuple[FieldValue, ...], split: Split) -> NewCase:
    """Put a case together from its parts and its fields with stored blobs."""
    return NewCase(
        name=parts.name,
        group=parts.group,
        split=split,
        fields=fields,
        labels=parts.labels,
        attributes=parts.attributes,
        content_hash=content_hash(fields, parts.labels, parts.attributes, parts.group),
    )


def _checked_name(name: str) -> str:
    if not name.isprintable() or len(name) > LONGEST_NAME:
        raise CellError("id", f"{name[:40]!r} can't be an id: use at most {LONGEST_NAME} printable characters")
    return name


def _group(spec: WorkspaceSpec, row: Mapping[str, object], name: str) -> str:
    if spec.split.group is None:
        return name
    group = cell_text(spec.split.group, row.get(spec.split.group)).strip()
    if not group:
        raise CellError(spec.split.group, "is empty, but it decides which cases stay together in one split")
    return group


def field_value(field: FieldSpec, cell: object) -> FieldValue:
    """Return what a cell says of a field; the name of its file for an image. Raises `CellError`."""
    column = field.source_column
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        if field.required:
            raise CellError(column, f"is empty, but field {field.name} is required")
        return FieldValue(field.name)
    if field.kind == "image" and isinstance(cell, Embedded):
        return FieldValue(field.name, text=cell.name or EMBEDDED)
    if field.kind == "numeric":
        return FieldValue(field.name, number=_in_range(field, cell_number(column, cell)))
    text = cell_text(column, cell)
    if field.kind == "text":
        return FieldValue(field.name, text=_not_too_long(column, text))
    if field.kind == "categorical":
        return FieldValue(field.name, text=one_of(column, text.strip(), field.categories, f"category of {field.name}"))
    return FieldValue(field.name, text=text.strip())


def _in_range(field: FieldSpec, number: float) -> float:
    low, high = field.minimum, field.maximum
    if (low is not None and number < low) or (high is not None and number > high):
        wanted = [f"at least {low:g}"] if low is not None else []
        wanted += [f"at most {high:g}"] if high is not None else []
        unit = f" {field.unit}" if field.unit else ""
        raise CellError(
            field.source_column, f"{number_text(number)} is out of range; wanted {' and '.join(wanted)}{unit}"
        )
    return number


def _not_too_long(column: str, text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise CellError(column, f"the text has {len(text):,} characters; at most {LONGEST_TEXT:,} are kept. Shorten it")
    return text


def label_of(target: TargetSpec, cell: object) -> str:
    """Return the label that a cell gives, empty when it gives none. Raises `CellError`."""
    text = cell_text(target.source_column, cell).strip()
    return one_of(target.source_column, text, target.classes, f"class of target {target.name}")


def attribute_of(attribute: AttributeSpec, cell: object) -> str:
    """Return an attribute's value, binned unless it is the name of a bin already. Raises `CellError`."""
    text = cell_text(attribute.source_column, cell).strip()
    if not text or not attribute.bins or text in bin_names(attribute.bins):
        return text
    return bin_name(cell_number(attribute.source_column, text), attribute.bins)


def bin_name(number: float, bins: tuple[float, ...]) -> str:
    """Return the group of a number: with bins 40 and 65 `<40`, `40-65` (65 excluded) or `>=65`."""
    return bin_names(bins)[sum(number >= cut for cut in bins)]


def bin_names(bins: tuple[float, ...]) -> tuple[str, ...]:
    """Return the groups that cut points make, lowest first.

    Examples
    --------
    >>> bin_names((40.0, 65.0))
    ('<40', '40-65', '>=65')
    """
    return (f"<{bins[0]:g}", *(f"{low:g}-{high:g}" for low, high in pairwise(bins)), f">={bins[-1]:g}")
