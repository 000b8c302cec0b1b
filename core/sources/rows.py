"""From one row of text values to the parts of a case: fields, labels, attributes, group."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from core.contracts import AttributeSpec, FieldSpec, FieldValue, NewCase, Split, TargetSpec, WorkspaceSpec
from core.sources.base import content_hash

LONGEST_NAME = 200
"""Characters that the id of a case may have."""


class CellError(Exception):
    """A cell that can't be used; caught by the source, which adds the line."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"{column}: {reason}")
        self.column = column
        self.reason = reason


@dataclass(frozen=True, slots=True)
class RowParts:
    """A row, read and checked; image fields still hold the file's name in `text`."""

    name: str
    group: str
    fields: tuple[FieldValue, ...]
    labels: Mapping[str, str]
    attributes: Mapping[str, str]


def parse_row(spec: WorkspaceSpec, row: Mapping[str, str], name: str) -> RowParts:
    """Read one row of a table by what the workspace declares.

    Parameters
    ----------
    spec : WorkspaceSpec
        Fields, targets, attributes and group column.
    row : mapping of str to str
        Column -> text; a column that is absent counts as empty.
    name : str
        The id of the case.

    Raises
    ------
    CellError
        At the first cell that can't be used.
    """
    return RowParts(
        name=_checked_name(name),
        group=_group(spec, row, name),
        fields=tuple(_field_value(field, row.get(field.source_column, "")) for field in spec.fields),
        labels={
            target.name: label
            for target in spec.targets
            if (label := _label(target, row.get(target.source_column, "").strip()))
        },
        attributes={
            attribute.name: value
            for attribute in spec.attributes
            if (value := _attribute(attribute, row.get(attribute.source_column, "").strip()))
        },
    )


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


def _group(spec: WorkspaceSpec, row: Mapping[str, str], name: str) -> str:
    if spec.split.group is None:
        return name
    group = row.get(spec.split.group, "").strip()
    if not group:
        raise CellError(spec.split.group, "is empty, but it decides which cases stay together in one split")
    return group


def _field_value(field: FieldSpec, cell: str) -> FieldValue:
    if not cell.strip():
        if field.required:
            raise CellError(field.source_column, f"is empty, but field {field.name} is required")
        return FieldValue(field.name)
    if field.kind == "numeric":
        return FieldValue(field.name, number=_number(field.source_column, cell.strip()))
    return FieldValue(field.name, text=cell if field.kind == "text" else cell.strip())


def _number(column: str, cell: str) -> float:
    try:
        number = float(cell)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise CellError(column, f"{cell[:40]!r} is no number; wanted one such as 12 or 0.5")
    return number


def _label(target: TargetSpec, cell: str) -> str:
    if cell and cell not in target.classes:
        raise CellError(
            target.source_column,
            f"{cell[:40]!r} is no class of target {target.name}; known: {', '.join(target.classes)}",
        )
    return cell


def _attribute(attribute: AttributeSpec, cell: str) -> str:
    if not cell or not attribute.bins:
        return cell
    return bin_name(_number(attribute.source_column, cell), attribute.bins)


def bin_name(number: float, bins: tuple[float, ...]) -> str:
    """Return the group of a number: with bins 40 and 65 `<40`, `40-65` (65 excluded) or `>=65`."""
    if number < bins[0]:
        return f"<{bins[0]:g}"
    if number >= bins[-1]:
        return f">={bins[-1]:g}"
    above = next(index for index, cut in enumerate(bins) if number < cut)
    return f"{bins[above - 1]:g}-{bins[above]:g}"
