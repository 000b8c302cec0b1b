"""Reading a workspace TOML: one sentence per mistake, with file, key, what was found and what was wanted."""

import difflib
import math
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import ValidationError

from core.contracts import Section, WorkspaceSpec
from core.errors import WorkspaceFileError
from core.sources.workspace_rules import check_workspace

Location = tuple[int | str, ...]

_TYPES = {
    str: "text in quotes",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list in [ ]",
    dict: "a section",
}
_WANTED = {
    "missing": "a value for this key",
    "string_type": "text in quotes",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list in [ ]",
    "mapping_type": "a section of key = value lines",
    "dict_type": "a section of key = value lines",
    "model_type": "a section of key = value lines",
    "string_pattern_mismatch": "1 to 64 lower-case letters, digits, - or _, the first a letter or digit",
    "literal_error": "{expected}",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "too_short": "at least {min_length} entries",
}
_WANTED_AT = {"callable": 'the code as "module:function"'}
"""What a key wants where its kind of mistake does not say enough."""
_SHOWN = 60
"""Characters of a wrong value that a message repeats."""


def load_workspace(path: Path) -> tuple[WorkspaceSpec, str]:
    """Read a workspace file and return what it declares, and its text.

    Raises
    ------
    WorkspaceFileError
        When the file can't be read, or as `parse_workspace`.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise WorkspaceFileError(
            f"{path}: the workspace file can't be read ({error.strerror}). Name a TOML file, such as those in "
            "assets/workspaces."
        ) from None
    except UnicodeDecodeError as error:
        raise WorkspaceFileError(f"{path}: byte {error.start:,} is not UTF-8. Save the file as UTF-8.") from None
    return parse_workspace(text, path.name), text


def parse_workspace(text: str, file: str) -> WorkspaceSpec:
    """Check the text of a workspace file and return what it declares.

    Parameters
    ----------
    text : str
        TOML.
    file : str
        What to call the file in a message.

    Raises
    ------
    WorkspaceFileError
        One line per mistake: file, key, got, wanted; an unknown key names the nearest known one, and a mistake in
        the TOML itself its line.

    Examples
    --------
    >>> parse_workspace("name = 3", "a.toml")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    core.errors.WorkspaceFileError: a.toml: name: got 3, wanted text in quotes...
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WorkspaceFileError(f"{file}: not valid TOML: {error}. Correct that line.") from None
    mistakes = [f"{_path(at, document)}: got {value}, wanted a finite number" for at, value in _not_finite(document)]
    if not mistakes:
        try:
            spec = WorkspaceSpec.model_validate(document)
        except ValidationError as error:
            mistakes = [_sentence(item, document) for item in _causes(error)]
        else:
            mistakes = check_workspace(spec)
    if mistakes:
        raise WorkspaceFileError("\n".join(f"{file}: {mistake}" for mistake in mistakes))
    return spec


def _not_finite(value: object, at: Location = ()) -> Iterator[tuple[Location, float]]:
    """Yield the place of every nan and inf, which TOML allows and no key of a workspace does."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _not_finite(item, (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _not_finite(item, (*at, index))
    elif isinstance(value, float) and not math.isfinite(value):
        yield at, value


def _causes(error: ValidationError) -> list[Any]:
    """Leave out what only follows: a list counts as too short when one of its entries is wrong."""
    found = error.errors(include_url=False)
    places = [item["loc"] for item in found]
    return [
        item
        for item in found
        if not any(len(at) > len(item["loc"]) and at[: len(item["loc"])] == item["loc"] for at in places)
    ]


def _sentence(error: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    kind, at = str(error["type"]), tuple(error["loc"])
    path = _path(at, document)
    if kind == "value_error":
        message = str(error["ctx"]["error"])
        return f"{path}: {message}" if path else message
    if kind == "extra_forbidden":
        return f"{path}: unknown key{_nearest(at)}"
    if kind == "missing":
        return f"{path}: the key is missing, wanted {_wanted_type(at)}"
    wanted = _WANTED_AT.get(str(at[-1]), _WANTED.get(kind, str(error["msg"]))).format_map(error.get("ctx", {}))
    return f"{path}: got {_shown(error['input'])}, wanted {wanted}"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (dict, list)):
        return f"{_TYPES[type(value)]} with {len(value)} {'entry' if len(value) == 1 else 'entries'}"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def _path(at: Location, document: object) -> str:
    """Return a key path such as `fields.image.colour`; list entries go by their name where they have one."""
    parts: list[str] = []
    value: Any = document
    for key in at:
        try:
            value = value[key]
        except (LookupError, TypeError):
            value = None
        if isinstance(key, int):
            name = value.get("name") if isinstance(value, dict) else None
            parts.append(name if isinstance(name, str) else f"entry {key + 1}")
        else:
            parts.append(key)
    return ".".join(parts)


def _section_at(at: Location) -> type[Section] | None:
    """Return the section that the keys of this path lead to, None when they lead to a plain value."""
    section: type[Section] | None = WorkspaceSpec
    for key in at:
        if isinstance(key, int):
            continue
        known = section.model_fields if section is not None else {}
        section = _section_in(known[key].annotation) if key in known else None
    return section


def _section_in(annotation: Any) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((found for item in get_args(annotation) if (found := _section_in(item)) is not None), None)


def _nearest(at: Location) -> str:
    if len(at) > 1 and at[-1] in WorkspaceSpec.model_fields:
        return " in this section; it is a key of the whole workspace: put it above the first [section], or in its own"
    section = _section_at(at[:-1])
    known = sorted(section.model_fields) if section is not None else []
    close = difflib.get_close_matches(str(at[-1]), known, n=1, cutoff=0.7)
    return f", did you mean {close[0]}?" if close else f"; known keys: {', '.join(known)}"


def _wanted_type(at: Location) -> str:
    parent, key = _section_at(at[:-1]), str(at[-1])
    annotation = parent.model_fields[key].annotation if parent is not None else None
    section = _section_in(annotation)
    if section is not None:
        header = f"[{key}]" if annotation is section else f"[[{key}]]"
        return f"a section {header} with the keys {', '.join(section.model_fields)}"
    if get_origin(annotation) is Literal:
        return f"one of {', '.join(get_args(annotation))}"
    return _TYPES[annotation if annotation in _TYPES else list]
