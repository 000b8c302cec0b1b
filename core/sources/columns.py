"""Which columns a workspace reads from a table, and what the column of splits says."""

from collections.abc import Mapping, Sequence
from typing import cast, get_args

from core.contracts import Split, WorkspaceSpec
from core.sources.cells import CellError, cell_text, one_of

ID_COLUMN = "id"
SPLITS: tuple[str, ...] = get_args(Split)


def all_columns(spec: WorkspaceSpec) -> set[str]:
    """Return every column that a row of this workspace may be read from."""
    named = {column for column in (spec.split.group, spec.source.split) if column}
    columns = {field.source_column for field in spec.fields} | {target.source_column for target in spec.targets}
    return {ID_COLUMN, *named, *columns, *(attribute.source_column for attribute in spec.attributes)}


def wanted_columns(spec: WorkspaceSpec, known: Sequence[str]) -> list[tuple[str, str]]:
    """Return (column, use) of the columns that a table must have."""
    wanted = [(field.source_column, f"field {field.name}") for field in spec.fields if field.required]
    wanted += [(target.source_column, f"target {target.name}") for target in spec.targets]
    wanted += [(attribute.source_column, f"attribute {attribute.name}") for attribute in spec.attributes]
    if spec.split.group is not None:
        wanted.append((spec.split.group, "split.group"))
    if spec.source.split is not None:
        wanted.append((spec.source.split, "source.split"))
    if ID_COLUMN not in known and all(field.kind != "image" for field in spec.fields):
        wanted.append((ID_COLUMN, "the id of each case, as no field is a file whose name could be it"))
    return wanted


def declared_split(
    spec: WorkspaceSpec, row: Mapping[str, object], group: str, known: Mapping[str, Split]
) -> Split | None:
    """Return the split that a row says it is in, None when it says none.

    Parameters
    ----------
    spec : WorkspaceSpec
        `source.split` names the column.
    row : mapping of str to object
        Column -> cell.
    group : str
        The row's group.
    known : mapping of str to str
        Group -> split that earlier rows said.

    Raises
    ------
    CellError
        When there is no such split, or an earlier row puts the group into another.
    """
    column = spec.source.split
    if column is None:
        return None
    text = one_of(column, cell_text(column, row.get(column)).strip(), SPLITS, "split")
    if not text:
        return None
    if known.get(group, text) != text:
        raise CellError(column, f"is {text!r}, but group {group!r} is in {known[group]!r}; a group stays in one split")
    return cast(Split, text)
