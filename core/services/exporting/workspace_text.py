"""The workspace file of an export: the original with its comments, and a source that reads the exported files."""

from collections.abc import Mapping
from typing import Any, cast

import tomlkit
from tomlkit import TOMLDocument

from core.contracts import WorkspaceSpec
from core.errors import BadInput
from core.sources.workspace_file import parse_workspace


def exported_toml(text: str, source: Mapping[str, str], moved: Mapping[tuple[str, str], str]) -> str:
    """Return a workspace file that reads its cases from an export.

    Parameters
    ----------
    text : str
        The workspace file as it was imported.
    source : mapping of str to str
        The keys of its new section `source`.
    moved : mapping of (section, name) to str
        What lies in another column than the file says.

    Raises
    ------
    BadInput
        When the result would declare something else: the TOML is written in a way that can't be changed safely.
    """
    document = tomlkit.parse(text)
    for (section, name), column in moved.items():
        _move(document, section, name, column)
    if "source" in document:
        del document["source"]
    table = tomlkit.table()
    for key, value in source.items():
        table.add(key, value)
    document.add(tomlkit.nl())
    document.add("source", table)
    changed = tomlkit.dumps(document)
    before, after = (parse_workspace(toml, "workspace.toml") for toml in (text, changed))
    if _without_columns(before) != _without_columns(after):
        raise BadInput("The workspace file can't be rewritten. Write its section [source] on lines of its own.")
    return changed


def _move(document: TOMLDocument, section: str, name: str, column: str) -> None:
    for entry in cast(list[dict[str, str]], document[section]):
        if entry["name"] == name:
            entry["column"] = column


def _without_columns(spec: WorkspaceSpec) -> dict[str, Any]:
    """Return what a workspace declares apart from its source and its columns."""
    plain = spec.model_dump(exclude={"source"})
    for section in ("fields", "targets", "attributes"):
        for entry in plain[section]:
            entry.pop("column", None)
    return plain
